"""The service as tests open it, and HTTP requests as the gateway would send them."""

from datetime import UTC, datetime
from uuid import UUID

from code_review.bootstrap import Service
from code_review.settings import Settings
from crivo_web.identity import Identity, issue
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr

KEY = "a test key that is thirty-two characters long"
NOWHERE = "http://127.0.0.1:1"
NO_BROKER = "amqp://127.0.0.1:1/"
# A socket file, because pymongo leaks a network connection that it is closed while opening.
NO_DATABASE = "mongodb://%2Fnowhere%2Fmongodb.sock"


def a_caller(service: Service, *, organization_id: UUID | None) -> AsyncClient:
    identity = Identity(
        subject="ana", organization_id=organization_id, role="member", issuer="gateway"
    )
    token = issue(identity, KEY, now=datetime.now(UTC))
    return AsyncClient(
        transport=ASGITransport(service.api()),
        base_url="http://code-review.test",
        headers={"Authorization": f"Bearer {token}"},
    )


def settings(
    mongodb_url: str,
    mongodb_database: str,
    *,
    rabbitmq_url: str = NO_BROKER,
    platform_integration_url: str = NOWHERE,
) -> Settings:
    return Settings(
        mongodb_url=SecretStr(mongodb_url),
        mongodb_database=mongodb_database,
        rabbitmq_url=SecretStr(rabbitmq_url),
        internal_token_key=SecretStr(KEY),
        platform_integration_url=platform_integration_url,
        prefetch=1,  # one at a time: when a command is done, so are those before it
    )
