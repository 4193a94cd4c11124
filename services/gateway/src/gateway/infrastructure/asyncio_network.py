"""The network below httpcore2, on asyncio's own transports; httpcore2's goes through anyio."""

import asyncio
import select
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpcore2

# More waits in the kernel, and then at the other end.
MOST_UNREAD = 65536


class AsyncioStream(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection, that closes at once; only one task reads or writes it at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._unread = bytearray()
        self._ended = False
        self._broken_by: Exception | None = None
        self._held_up = False
        self._change = asyncio.Event()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        while not (self._unread or self._ended):
            await self._change_within(timeout, httpcore2.ReadTimeout)
        if self._broken_by is not None and not self._unread:
            raise httpcore2.ReadError(repr(self._broken_by)) from self._broken_by
        piece = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        self._transport.resume_reading()
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if not self._ended:
            self._transport.write(buffer)
        while self._held_up and not self._ended:
            await self._change_within(timeout, httpcore2.WriteTimeout)
        if self._ended:
            raise httpcore2.WriteError(repr(self._broken_by)) from self._broken_by

    async def aclose(self) -> None:
        # `close` would go on sending what the other end does not take.
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        start = asyncio.get_running_loop().start_tls
        async with _connecting(timeout):
            encrypted = await start(
                self._transport, self, ssl_context, server_hostname=server_hostname
            )
        self._transport = cast("asyncio.Transport", encrypted)
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return bool(self._unread) or self._ended or _readable(self._transport)
        return self._transport.get_extra_info(info)

    async def _change_within(self, seconds: float | None, slow: type[Exception]) -> None:
        self._change.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._change.wait()
        except TimeoutError as problem:
            raise slow from problem

    # What asyncio calls:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) >= MOST_UNREAD:
            self._transport.pause_reading()
        self._change.set()

    def eof_received(self) -> None:
        self._ended = True
        self._change.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._broken_by = exc
        self._change.set()

    def pause_writing(self) -> None:
        self._held_up = True

    def resume_writing(self) -> None:
        self._held_up = False
        self._change.set()


class AsyncioNetwork(httpcore2.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        *_: Any,
        **__: Any,
    ) -> httpcore2.AsyncNetworkStream:
        connect = asyncio.get_running_loop().create_connection
        async with _connecting(timeout):
            _transport, stream = await connect(AsyncioStream, host, port)
        return stream


@asynccontextmanager
async def _connecting(seconds: float | None) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as slow:
        raise httpcore2.ConnectTimeout from slow
    except OSError as problem:
        raise httpcore2.ConnectError(str(problem)) from problem


def _readable(transport: asyncio.Transport) -> bool:
    """Ask the kernel: the event loop may not have come to it yet, and a request would be lost."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket"), select.POLLIN)
    return bool(poll.poll(0))
