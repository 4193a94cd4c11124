"""The organization service, as far as the gateway asks it for itself: no less strict than it is."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from crivo_web.identity import bearer, verify
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from gateway_support.peers import Arrived, Peer, Reply, problem, response

INTERNAL_KEY = "a test key that is thirty-two characters long"
ACME = UUID("019a0000-0000-7000-8000-000000000001")
ANA = "019a0000-0000-7000-8000-00000000000a"
JWKS = b"/.well-known/jwks.json"
VERIFY = b"/internal/v1/api-keys/verify"


class SigningKey:
    """Signs access tokens, and shows its public half."""

    def __init__(self, key_id: str) -> None:
        self.id = key_id
        self._key = Ed25519PrivateKey.generate()

    def token(self, *, without: str = "", algorithm: str = "EdDSA", **changes: Any) -> str:
        """An admin's; a change that is a timedelta is counted from now."""
        now = datetime.now(UTC)
        times = {each: now + by for each, by in changes.items() if isinstance(by, timedelta)}
        claims = {
            "iss": "crivo",
            "aud": "crivo",
            "sub": ANA,
            "organization_id": str(ACME),
            "role": "admin",
            "iat": now,
            "exp": now + timedelta(minutes=15),
            **changes,
            **times,
        }
        claims.pop(without, None)
        key: Any = {"EdDSA": self._key, "none": None}.get(algorithm, self.public_bytes)
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self.id})

    @property
    def public_bytes(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )

    @property
    def jwk(self) -> dict[str, str]:
        x = base64.urlsafe_b64encode(self.public_bytes).rstrip(b"=").decode()
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": x}
        return {**jwk, "kid": self.id, "alg": "EdDSA", "use": "sig"}


class Organization(Peer):
    """`others` answers what is not asked by the gateway for itself."""

    def __init__(self) -> None:
        super().__init__("organization")
        self.others: Reply = self.reply
        self.reply = self._reply
        self.keys = [SigningKey("first")]
        self.api_keys: dict[str, dict[str, str]] = {}
        self.broken: Reply | None = None

    def token(self, **changes: Any) -> str:
        return self.keys[0].token(**changes)

    def asked(self, target: bytes) -> int:
        return sum(each.target == target for each in self.arrived)

    async def _reply(self, arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        if arrived.target not in (JWKS, VERIFY):
            await self.others(arrived, writer)
        elif self.broken is not None:
            await self.broken(arrived, writer)
        elif arrived.target == JWKS:
            writer.write(_json({"keys": [key.jwk for key in self.keys]}))
        else:
            writer.write(self._verified(arrived))

    def _verified(self, arrived: Arrived) -> bytes:
        (authorization,) = arrived.all_of("authorization")
        assert verify(bearer(authorization), INTERNAL_KEY).role == "service"
        body = json.loads(arrived.body)
        assert list(body) == ["key"]
        if len(body["key"]) > 500:
            return problem(400, "Invalid request; see `errors`")
        found = self.api_keys.get(body["key"])
        return _json({"active": True, **found} if found else {"active": False})


def _json(body: object) -> bytes:
    return response(200, json.dumps(body).encode(), "Content-Type: application/json")
