"""Pooled HTTP connections to the services behind the gateway."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from gateway.application.ports import (
    Headers,
    UpstreamAway,
    UpstreamBroken,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamSlow,
)

CONNECT_SECONDS = 2.0
# Below the services' own, so that no connection is used that its other end is closing.
KEEP_ALIVE_SECONDS = 30.0
LIMITS = httpx.Limits(
    max_connections=100, max_keepalive_connections=50, keepalive_expiry=KEEP_ALIVE_SECONDS
)
# The exchange as a whole has a deadline, so reading and writing need none.
_TIMEOUT = httpx.Timeout(None, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)


def open_client(tls: ssl.SSLContext) -> httpx.AsyncClient:
    """A pool that carries nothing from one request to another.

    Not through a proxy of the environment: the services are our neighbours.
    """
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(limits=LIMITS, trust_env=False, cookies=no_cookies, verify=tls)


class HttpUpstreams:
    """Implements Upstreams. Each has a pool of its own: one that hangs takes nobody with it."""

    def __init__(self, upstreams: Mapping[str, tuple[httpx.AsyncClient, str]]) -> None:
        self._upstreams = {
            service: (http, url.rstrip("/")) for service, (http, url) in upstreams.items()
        }

    @asynccontextmanager
    async def ask(self, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
        """Raise UpstreamAway, UpstreamSlow or UpstreamBroken, also while chunks are read."""
        http, url = self._upstreams[request.service]
        try:
            async with asyncio.timeout(request.seconds):
                answer = await http.send(_request(request, url), stream=True)
                try:
                    yield UpstreamResponse(
                        status=answer.status_code,
                        headers=_relative(answer.headers.raw, url.encode()),
                        chunks=answer.aiter_raw(),
                    )
                finally:
                    # A connection that is half given back is lost to the pool for ever.
                    await asyncio.shield(answer.aclose())
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            raise UpstreamAway(request.service) from problem
        except TimeoutError as problem:
            raise UpstreamSlow(request.service) from problem
        except httpx.TransportError as problem:
            raise UpstreamBroken(request.service) from problem


def _request(request: UpstreamRequest, url: str) -> httpx.Request:
    """Made by hand, since the client would add headers and write the path and query anew."""
    return httpx.Request(
        request.method,
        url,
        headers=request.headers,
        content=request.body,
        extensions={"timeout": _TIMEOUT.as_dict(), "target": request.target},
    )


def _relative(headers: Headers, url: bytes) -> Headers:
    """No redirect shows where a service lives, or leads round the gateway."""
    return [
        (name, value.removeprefix(url) if name.lower() == b"location" else value)
        for name, value in headers
    ]
