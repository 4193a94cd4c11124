"""Who is calling, said by one service to another in a short-lived signed token.

The gateway verifies what people and machines present and signs what it found; services believe
nothing else. HS256 with a shared key (RFC 7519), 60 seconds, audience `crivo-internal`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias, cast, get_args
from uuid import UUID

import jwt

AUDIENCE = "crivo-internal"
LIFE = timedelta(seconds=60)
# Clocks of two hosts differ a little.
LEEWAY = timedelta(seconds=10)
MINIMUM_KEY_LENGTH = 32

Role: TypeAlias = Literal["owner", "admin", "member", "service"]
Now: TypeAlias = Callable[[], datetime]


class InvalidIdentity(Exception):
    """The token is missing, forged, expired or made for another audience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller. `organization_id` is absent when a service speaks for itself."""

    subject: str
    organization_id: UUID | None
    role: Role
    issuer: str


def issue(identity: Identity, key: str, *, now: datetime, life: timedelta = LIFE) -> str:
    """Sign an identity for the next `life`."""
    claims = {
        "iss": identity.issuer,
        "aud": AUDIENCE,
        "sub": identity.subject,
        "role": identity.role,
        "iat": now,
        "exp": now + life,
    }
    if identity.organization_id:
        claims["organization_id"] = str(identity.organization_id)
    return jwt.encode(claims, key, algorithm="HS256")


def verify(token: str, key: str) -> Identity:
    """Raise InvalidIdentity unless the token is ours, for us, and alive."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            audience=AUDIENCE,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "sub", "iat", "exp"]},
        )
        organization = claims.get("organization_id")
        if claims.get("role") not in get_args(Role):
            raise InvalidIdentity("unknown role")
        return Identity(
            subject=str(claims["sub"]),
            organization_id=UUID(organization) if organization else None,
            role=cast("Role", claims["role"]),
            issuer=str(claims["iss"]),
        )
    except (jwt.PyJWTError, ValueError) as problem:
        raise InvalidIdentity(str(problem)) from problem


def bearer(authorization: str | None) -> str:
    """The token of an `Authorization: Bearer` header (RFC 6750, section 2.1)."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidIdentity("a bearer token is needed")
    return token.strip()


def utc_now() -> datetime:
    return datetime.now(UTC)
