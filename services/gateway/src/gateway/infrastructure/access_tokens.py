"""Access tokens, verified with the organization service's published keys (RFC 7517, RFC 8037)."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias, cast, get_args
from uuid import UUID

import httpx
import jwt
from crivo_web.identity import Identity, Role

from gateway.application.ports import IdentityUnavailable, Unidentified

AUDIENCE = "crivo"
FRESH_SECONDS = 300.0
# However many tokens with unknown keys come in.
PAUSE_SECONDS = 10.0
LEEWAY_SECONDS = 10

# Seconds of a clock that only goes forward.
Clock: TypeAlias = Callable[[], float]


class AccessTokens:
    """Implements Credentials. Known keys go on working while their publisher is away."""

    def __init__(self, http: httpx.AsyncClient, *, url: str, issuer: str, clock: Clock) -> None:
        self._http = http
        self._url = url.rstrip("/") + "/.well-known/jwks.json"
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked: float | None = None
        self._fetched: float | None = None
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

    async def _key_of(self, text: str) -> jwt.PyJWK:
        try:
            key_id = str(jwt.get_unverified_header(text).get("kid", ""))
        except jwt.PyJWTError as problem:
            raise Unidentified("this is not an access token") from problem
        stale = self._fetched is None or self._clock() - self._fetched > FRESH_SECONDS
        if stale or key_id not in self._keys:
            await self._refresh()
        if key_id not in self._keys:
            raise Unidentified("the access token is signed with an unknown key")
        return self._keys[key_id]

    async def _refresh(self) -> None:
        async with self._fetching:
            if self._asked is not None and self._clock() - self._asked < PAUSE_SECONDS:
                if not self._keys:
                    raise IdentityUnavailable("the keys of access tokens cannot be fetched")
                return
            try:
                answer = await self._http.get(self._url, timeout=5)
                answer.raise_for_status()
                keys = jwt.PyJWKSet.from_dict(answer.json())
            except (httpx.HTTPError, jwt.PyJWTError, ValueError) as problem:
                if not self._keys:
                    # Nobody can be let in before the first fetch: it is tried again at once.
                    raise IdentityUnavailable(
                        "the keys of access tokens cannot be fetched"
                    ) from problem
                self._asked = self._clock()
                return
            self._keys = {str(key.key_id): key for key in keys.keys}
            self._asked = self._fetched = self._clock()


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
