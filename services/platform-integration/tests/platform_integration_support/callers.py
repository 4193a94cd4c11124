"""The service as tests open it, and requests as the gateway and code hosts would send them."""

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from crivo_testkit.pooler import direct_url
from crivo_web.identity import Identity, Role, issue
from httpx import ASGITransport, AsyncClient, Response
from platform_integration.bootstrap import Service, api
from platform_integration.settings import Settings
from platform_integration_support.builders import ORGANIZATION, SECRET
from pydantic import SecretStr

KEY = "a test key that is thirty-two characters long"
TOKEN = "a-token-that-nobody-sees-again"
PRIVATE = "http://127.0.0.1:1"


def settings(database_url: str, rabbitmq_url: str = "amqp://127.0.0.1:1/") -> Settings:
    return Settings(
        database_url=database_url,
        database_direct_url=direct_url(database_url),
        rabbitmq_url=rabbitmq_url,
        internal_token_key=SecretStr(KEY),
        secrets_keys=SecretStr(base64.b64encode(b"1" * 32).decode()),
        allow_private_hosts=True,
    )


class Caller:
    """Asks the service's HTTP API; with `role` None as somebody without an identity."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        *,
        role: Role | None = "member",
        organization_id: UUID | None = ORGANIZATION,
    ) -> None:
        self._app = api(service, settings)
        self._headers = {}
        if role is not None:
            identity = Identity(
                subject="ana", organization_id=organization_id, role=role, issuer="gateway"
            )
            token = issue(identity, KEY, now=datetime.now(UTC))
            self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **query: Any) -> Response:
        async with self._client() as client:
            return await client.get(path, params=query)

    async def post(self, path: str, body: object) -> Response:
        async with self._client() as client:
            return await client.post(path, json=body)

    async def deliver(self, body: bytes, headers: dict[str, str]) -> Response:
        async with self._client() as client:
            return await client.post("/webhooks/github", content=body, headers=headers)

    async def pages(self, path: str, **query: Any) -> list[list[dict[str, Any]]]:
        """Every page of a list, as its cursors lead."""
        found: list[list[dict[str, Any]]] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await self.get(path, **query, **cursor)).json()
            found.append(page["items"])
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def _client(self) -> AsyncClient:
        return AsyncClient(
            transport=ASGITransport(self._app),
            base_url="http://platform-integration.test",
            headers=self._headers,
        )


def a_connection(**changes: Any) -> dict[str, Any]:
    """A request to connect a code host."""
    return {
        "platform": "github",
        "name": "Our GitHub",
        "api_url": PRIVATE,
        "token": TOKEN,
        "webhook_secret": SECRET,
        **changes,
    }
