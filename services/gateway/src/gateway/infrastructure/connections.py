"""Connections to one service behind the gateway."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpcore2

from gateway.application.ports import Headers
from gateway.infrastructure.asyncio_network import AsyncioNetwork

CONNECT_SECONDS = 2.0
MOST_CONNECTIONS = 100
# Below the services' own, so that no connection is used that its other end is closing.
KEEP_ALIVE_SECONDS = 30.0
# The exchange as a whole has a deadline, so reading and writing need none.
_TIMEOUT = {"connect": CONNECT_SECONDS}
NOT_SENT = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)
BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError)


class Connections:
    """Each is for one exchange at a time and carries nothing from one to the next.

    Not through a proxy of the environment: the services are our neighbours.
    """

    def __init__(
        self, url: str, tls: ssl.SSLContext, *, keep_alive: float = KEEP_ALIVE_SECONDS
    ) -> None:
        self._url = httpcore2.URL(url)
        self._host = host_of(url)
        self._tls = tls
        self._keep_alive = keep_alive
        self._network = AsyncioNetwork()
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._idle: deque[httpcore2.AsyncHTTPConnection] = deque()

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        target: bytes,
        headers: Headers,
        body: bytes | AsyncIterator[bytes] | None,
    ) -> AsyncIterator[httpcore2.Response]:
        """Raise one of NOT_SENT or BROKEN, also while the answer is read."""
        request = httpcore2.Request(
            method,
            self._url,
            headers=[self._host, *headers, *_framing(headers, body)],
            content=body,
            extensions={"timeout": _TIMEOUT, "target": target},
        )
        await self._wait_for_a_place()
        try:
            connection = await self._connection()
            try:
                answer = await connection.handle_async_request(request)
                try:
                    yield answer
                finally:
                    await answer.aclose()
            finally:
                # Whoever is cancelled comes through here to the end: our network closes at once.
                await self._give_back(connection)
        finally:
            self._places.release()

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()

    async def _wait_for_a_place(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._places.acquire()
        except TimeoutError as problem:
            raise httpcore2.PoolTimeout from problem

    async def _connection(self) -> httpcore2.AsyncHTTPConnection:
        """The one that was used last, so that only as many are kept as are needed."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore2.AsyncHTTPConnection(
            self._url.origin,
            self._tls,
            keepalive_expiry=self._keep_alive,
            network_backend=self._network,
        )

    async def _give_back(self, connection: httpcore2.AsyncHTTPConnection) -> None:
        if connection.is_available():
            self._idle.append(connection)
        else:
            await connection.aclose()
        while self._idle and self._idle[0].has_expired():
            await self._idle.popleft().aclose()


def host_of(url: str) -> tuple[bytes, bytes]:
    """The header, where an IPv6 address keeps its brackets (RFC 9110, section 7.2)."""
    return (b"host", urlsplit(url).netloc.rpartition("@")[2].encode())


def _framing(headers: Headers, body: bytes | AsyncIterator[bytes] | None) -> Headers:
    """How the body ends, which the client does not add."""
    if body is None or any(name.lower() == b"content-length" for name, _ in headers):
        return []
    if isinstance(body, bytes):
        return [(b"content-length", b"%d" % len(body))]
    return [(b"transfer-encoding", b"chunked")]
