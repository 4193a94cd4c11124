"""API keys, asked for at the organization service and remembered for a moment in Redis."""

import hashlib
import json
from typing import Literal
from uuid import UUID

import structlog
from crivo_observability.traces import traceparent
from crivo_web.identity import Identity, Now, issue
from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.application.ports import Headers, IdentityUnavailable, Unidentified
from gateway.infrastructure.organization import Organization, Unanswered

# How long a revoked key may still open something.
REMEMBERED_SECONDS = 30
VERIFY_SECONDS = 5.0
PATH = "/internal/v1/api-keys/verify"
OURSELVES = Identity(subject="gateway", organization_id=None, role="service", issuer="gateway")
_log = structlog.get_logger()


class _Verified(BaseModel):
    active: bool
    id: UUID | None = None
    organization_id: UUID | None = None
    role: Literal["owner", "admin", "member"] | None = None


class ApiKeys:
    """Implements Credentials. Redis holds hashes of keys, and is not needed."""

    def __init__(
        self, organization: Organization, redis: Redis, *, token_key: str, now: Now
    ) -> None:
        self._organization = organization
        self._redis = redis
        self._token_key = token_key
        self._now = now

    async def identify(self, text: str) -> Identity:
        name = f"crivo:api-key:{hashlib.sha256(text.encode()).hexdigest()}"
        verified = await self._remembered(name)
        if verified is None:
            verified = await self._ask(text)
            await self._remember(name, verified)
        organization, role = verified.organization_id, verified.role
        if not verified.active or not verified.id or not organization or not role:
            raise Unidentified("the API key is not valid")
        return Identity(
            subject=str(verified.id), organization_id=organization, role=role, issuer="gateway"
        )

    async def _ask(self, text: str) -> _Verified:
        token = issue(OURSELVES, self._token_key, now=self._now())
        headers: Headers = [
            (b"authorization", f"Bearer {token}".encode()),
            (b"content-type", b"application/json"),
        ]
        if (parent := traceparent()) is not None:
            headers.append((b"traceparent", parent.encode()))
        body = json.dumps({"key": text}).encode()
        try:
            status, answer = await self._organization.ask(
                "POST", PATH, seconds=VERIFY_SECONDS, headers=headers, body=body
            )
            if status == 400:
                return _Verified(active=False)  # longer than any key
            if not 200 <= status < 300:
                raise Unanswered(f"status {status}")
            return _Verified.model_validate_json(answer)
        except (Unanswered, ValidationError) as problem:
            raise IdentityUnavailable("API keys cannot be verified now") from problem

    async def _remembered(self, name: str) -> _Verified | None:
        try:
            stored = await self._redis.get(name)
            return _Verified.model_validate_json(stored) if stored else None
        except (RedisError, ValidationError) as problem:
            _log.warning("api_keys.memory_away", reason=type(problem).__name__)
            return None

    async def _remember(self, name: str, verified: _Verified) -> None:
        try:
            await self._redis.set(name, verified.model_dump_json(), ex=REMEMBERED_SECONDS)
        except RedisError:
            return  # without its memory the gateway is slower, not wrong
