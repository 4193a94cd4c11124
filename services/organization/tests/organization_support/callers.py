"""The service as tests open it, and requests as the gateway would send them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from crivo_testkit.pooler import direct_url
from crivo_web.identity import Identity, Role, issue
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import ASGITransport, AsyncClient, Response
from organization.bootstrap import Service
from organization.settings import Settings
from pydantic import SecretStr

KEY = "a test key that is thirty-two characters long"
TOKEN = "the bootstrap token of this test"
EMAIL, PASSWORD = "ana@acme.example", "correct horse battery"
PEM = (
    Ed25519PrivateKey.generate()
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    .decode()
)


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def settings(
    database_url: str, rabbitmq_url: str = "amqp://127.0.0.1:1/", *, token: str | None = TOKEN
) -> Settings:
    return Settings(
        database_url=SecretStr(database_url),
        database_direct_url=SecretStr(direct_url(database_url)),
        rabbitmq_url=SecretStr(rabbitmq_url),
        internal_token_key=SecretStr(KEY),
        signing_key=SecretStr(PEM),
        bootstrap_token=SecretStr(token) if token else None,
    )


class Caller:
    """Sends requests in somebody's name; `role` None is nobody's."""

    def __init__(
        self,
        service: Service,
        *,
        role: Role | None = None,
        organization_id: UUID | None = None,
        subject: str = "somebody",
    ) -> None:
        headers = {}
        if role is not None:
            identity = Identity(
                subject=subject, organization_id=organization_id, role=role, issuer="gateway"
            )
            headers = {"Authorization": f"Bearer {issue(identity, KEY, now=datetime.now(UTC))}"}
        self._open: Callable[[], AsyncClient] = lambda: AsyncClient(
            transport=ASGITransport(service.api()),
            base_url="http://organization.test",
            headers=headers,
        )

    async def get(self, path: str, **query: Any) -> Response:
        async with self._open() as client:
            return await client.get(path, params=query)

    async def post(self, path: str, body: object) -> Response:
        async with self._open() as client:
            return await client.post(path, json=body)

    async def delete(self, path: str) -> Response:
        async with self._open() as client:
            return await client.delete(path)


BOOTSTRAP = {"token": TOKEN, "organization": "Acme", "email": EMAIL, "password": PASSWORD}


async def bootstrapped(service: Service) -> UUID:
    """The id of the organization that there is now."""
    answer = await Caller(service).post("/v1/bootstrap", BOOTSTRAP)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["organization_id"])
