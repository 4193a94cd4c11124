"""Access tokens, verified with the organization service's published keys (RFC 7517, RFC 8037)."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeAlias, cast, get_args
from uuid import UUID

import jwt
import structlog
from crivo_web.identity import Identity, Role

from gateway.application.ports import IdentityUnavailable, Unidentified
from gateway.infrastructure.organization import Organization, Unanswered

AUDIENCE = "crivo"
PATH = "/.well-known/jwks.json"
FRESH_SECONDS = 300.0
# However many tokens with unknown keys come in.
PAUSE_SECONDS = 10.0
FETCH_SECONDS = 2.0
LEEWAY_SECONDS = 10

# Seconds of a clock that only goes forward.
Clock: TypeAlias = Callable[[], float]
_NO_KEYS = "the keys of access tokens cannot be fetched now"
_log = structlog.get_logger()


class AccessTokens:
    """Implements Credentials. Known keys go on working while their publisher is away."""

    def __init__(self, organization: Organization, *, issuer: str, clock: Clock) -> None:
        self._organization = organization
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked: float | None = None
        self._fetched: float | None = None
        self._attempts = 0
        self._failed = False
        self._fetching = asyncio.Lock()

    async def identify(self, text: str) -> Identity:
        key = await self._key_of(text)
        try:
            claims = jwt.decode(
                text,
                key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
            return _identity(claims)
        except (jwt.PyJWTError, ValueError, KeyError, TypeError) as problem:
            raise Unidentified("the access token is not valid") from problem

    async def ready(self) -> None:
        """Raise IdentityUnavailable until the keys were there once."""
        if not self._keys:
            await self._refresh()
        if not self._keys:
            raise IdentityUnavailable(_NO_KEYS)

    async def _key_of(self, text: str) -> jwt.PyJWK:
        try:
            key_id = str(jwt.get_unverified_header(text).get("kid", ""))
        except jwt.PyJWTError as problem:
            raise Unidentified("this is not an access token") from problem
        if key_id not in self._keys or (self._stale() and not self._fetching.locked()):
            await self._refresh()
        if key_id in self._keys:
            return self._keys[key_id]
        if self._failed:
            # It may be a new one, which its publisher could not tell us.
            raise IdentityUnavailable(_NO_KEYS)
        raise Unidentified("the access token is signed with an unknown key")

    def _stale(self) -> bool:
        return self._fetched is None or self._clock() - self._fetched > FRESH_SECONDS

    def _pausing(self) -> bool:
        """Not while no key is known: nobody can be let in before the first fetch."""
        since = self._clock() - self._asked if self._asked is not None else PAUSE_SECONDS
        return bool(self._keys) and since < PAUSE_SECONDS

    async def _refresh(self) -> None:
        """Those who wait while another asks take what came of it, be it nothing."""
        attempts = self._attempts
        async with self._fetching:
            if self._attempts != attempts or self._pausing():
                return
            try:
                status, body = await self._organization.ask("GET", PATH, seconds=FETCH_SECONDS)
                if status != 200:
                    raise Unanswered(f"status {status}")
                keys = jwt.PyJWKSet.from_dict(json.loads(body))
            except (Unanswered, jwt.PyJWTError, ValueError, AttributeError) as problem:
                # AttributeError: JSON, but no object.
                _log.warning("access_tokens.keys_unavailable", reason=repr(problem))
                self._failed = True
            else:
                self._keys = {str(key.key_id): key for key in keys.keys}
                self._fetched = self._clock()
                self._failed = False
            self._asked = self._clock()
            self._attempts += 1


def _identity(claims: dict[str, Any]) -> Identity:
    role = claims["role"]
    if role not in get_args(Role) or role == "service":
        raise ValueError("not a role of people")
    return Identity(
        subject=str(claims["sub"]),
        organization_id=UUID(claims["organization_id"]),
        role=cast("Role", role),
        issuer="gateway",
    )
