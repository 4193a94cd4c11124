"""The service as tests open it, and HTTP requests as the gateway would send them."""

from datetime import UTC, datetime
from uuid import UUID

from crivo_testkit.pooler import direct_url
from crivo_web.identity import Identity, Role, issue
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from workflow_queue.bootstrap import Service
from workflow_queue.settings import Settings

KEY = "a test key that is thirty-two characters long"


def a_caller(
    service: Service, *, organization_id: UUID | None, role: Role = "member"
) -> AsyncClient:
    identity = Identity(subject="ana", organization_id=organization_id, role=role, issuer="gateway")
    token = issue(identity, KEY, now=datetime.now(UTC))
    return AsyncClient(
        transport=ASGITransport(service.api()),
        base_url="http://workflow-queue.test",
        headers={"Authorization": f"Bearer {token}"},
    )


def settings(database_url: str, rabbitmq_url: str) -> Settings:
    return Settings(
        database_url=SecretStr(database_url),
        database_direct_url=SecretStr(direct_url(database_url)),
        rabbitmq_url=SecretStr(rabbitmq_url),
        internal_token_key=SecretStr(KEY),
        backoff_seconds=0,
    )
