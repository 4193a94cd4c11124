"""Pooled HTTP connections to the services behind the gateway."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpcore2

from gateway.application.ports import (
    Headers,
    UpstreamAway,
    UpstreamBroken,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamSlow,
)

CONNECT_SECONDS = 2.0
MOST_CONNECTIONS = 100
MOST_IDLE = 50
# Below the services' own, so that no connection is used that its other end is closing.
KEEP_ALIVE_SECONDS = 30.0
# The exchange as a whole has a deadline, so reading and writing need none.
TIMEOUT = {"connect": CONNECT_SECONDS, "pool": CONNECT_SECONDS}
NOT_SENT = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)
BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError)


def open_pool(tls: ssl.SSLContext) -> httpcore2.AsyncConnectionPool:
    """Connections that carry nothing from one request to another, and no header of their own.

    Not through a proxy of the environment: the services are our neighbours.
    """
    return httpcore2.AsyncConnectionPool(
        tls,
        max_connections=MOST_CONNECTIONS,
        max_keepalive_connections=MOST_IDLE,
        keepalive_expiry=KEEP_ALIVE_SECONDS,
    )


class HttpUpstreams:
    """Implements Upstreams. Each has a pool of its own: one that hangs takes nobody with it."""

    def __init__(self, upstreams: Mapping[str, tuple[httpcore2.AsyncConnectionPool, str]]) -> None:
        self._upstreams = {
            service: (pool, httpcore2.URL(url), host_of(url), url.rstrip("/").encode())
            for service, (pool, url) in upstreams.items()
        }

    @asynccontextmanager
    async def ask(self, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
        """Raise UpstreamAway, UpstreamSlow or UpstreamBroken, also while chunks are read."""
        pool, url, host, prefix = self._upstreams[request.service]
        try:
            async with asyncio.timeout(request.seconds):
                answer = await pool.handle_async_request(_request(request, url, host))
                try:
                    yield UpstreamResponse(
                        status=answer.status,
                        headers=_relative(answer.headers, prefix),
                        chunks=answer.aiter_stream(),
                    )
                finally:
                    # A connection that is half given back is lost to the pool for ever.
                    await asyncio.shield(answer.aclose())
        except NOT_SENT as problem:
            raise UpstreamAway(request.service) from problem
        except TimeoutError as problem:
            raise UpstreamSlow(request.service) from problem
        except BROKEN as problem:
            raise UpstreamBroken(request.service) from problem


def host_of(url: str) -> tuple[bytes, bytes]:
    """The header, where an IPv6 address keeps its brackets (RFC 9110, section 7.2)."""
    return (b"host", urlsplit(url).netloc.rpartition("@")[2].encode())


def _request(
    request: UpstreamRequest, url: httpcore2.URL, host: tuple[bytes, bytes]
) -> httpcore2.Request:
    """With what the client does not add: the host, and how a body of unknown length ends."""
    headers = [host, *request.headers]
    if request.body is not None and not _tells_length(request.headers):
        headers.append((b"transfer-encoding", b"chunked"))
    return httpcore2.Request(
        request.method,
        url,
        headers=headers,
        content=request.body,
        extensions={"timeout": TIMEOUT, "target": request.target},
    )


def _tells_length(headers: Headers) -> bool:
    return any(name.lower() == b"content-length" for name, _ in headers)


def _relative(headers: Headers, url: bytes) -> Headers:
    """No redirect shows where a service lives, or leads round the gateway."""
    return [
        (name, value.removeprefix(url) if name.lower() == b"location" else value)
        for name, value in headers
    ]
