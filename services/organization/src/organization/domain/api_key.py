"""Keys that programs call the API with: shown once, kept as a hash."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from organization.domain.account import Role

PREFIX = "crivo_"
SECRET_BYTES = 32
# When a key was used last is worth a write a minute, not one per request.
USE_RESOLUTION = timedelta(minutes=1)

NewSecret: TypeAlias = Callable[[], str]


class NoSuchKey(Exception):
    """The organization has no such key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """`secret_hash` is SHA-256: the secret has 256 random bits, so nothing slower is needed."""

    id: UUID
    organization_id: UUID
    name: str
    role: Role
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def opens(self, secret: str, now: datetime) -> bool:
        """Whether it is this key's secret, and the key is alive."""
        right = hmac.compare_digest(self.secret_hash, hashed(secret))
        expired = self.expires_at is not None and self.expires_at <= now
        return right and not expired and self.revoked_at is None

    def is_use_worth_noting(self, now: datetime) -> bool:
        return self.last_used_at is None or now - self.last_used_at >= USE_RESOLUTION


def hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def written(id: UUID, secret: str) -> str:  # noqa: A002
    """The key as its owner gets it, findable by secret scanners for its prefix."""
    return f"{PREFIX}{id.hex}_{secret}"


def parsed(key: str) -> tuple[UUID, str] | None:
    """Its id and its secret; None when it is not one of ours."""
    number, _, secret = key.removeprefix(PREFIX).partition("_")
    if not key.startswith(PREFIX) or len(number) != 32 or not secret.isascii() or not secret:
        return None
    try:
        return UUID(hex=number), secret
    except ValueError:
        return None
