"""Every port of the gateway."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from crivo_web.identity import Identity

Headers: TypeAlias = list[tuple[bytes, bytes]]


class Unidentified(Exception):
    """The credentials are missing, wrong, expired or revoked."""


class IdentityUnavailable(Exception):
    """Whose credentials these are cannot be found out now."""


class Credentials(Protocol):
    """One kind of them: access tokens, or API keys."""

    async def identify(self, text: str) -> Identity:
        """Raise Unidentified or IdentityUnavailable."""
        ...


class UpstreamAway(Exception):
    """No connection could be made; the request was not sent."""


class UpstreamSlow(Exception):
    """It did not answer in time."""


class UpstreamBroken(Exception):
    """The connection broke, or what came over it is not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRequest:
    """`target` is the path with its query, sent byte for byte; `seconds` are for all of it."""

    service: str
    method: str
    target: bytes
    headers: Headers
    body: AsyncIterator[bytes] | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamResponse:
    status: int
    headers: Headers
    chunks: AsyncIterator[bytes]


class Upstreams(Protocol):
    """The services behind the gateway."""

    def ask(self, request: UpstreamRequest) -> AbstractAsyncContextManager[UpstreamResponse]:
        """Raise UpstreamAway, UpstreamSlow or UpstreamBroken, also while chunks are read."""
        ...
