"""Servers behind the gateway that write down what arrived, byte for byte, and answer as told."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any, TypeAlias

# Long, since it is only reached when something is wrong.
DEADLINE = 60.0


@dataclass(slots=True)
class Arrived:
    """`head` is everything before the empty line; `chunked` tells how the body came."""

    head: bytes
    body: bytes
    chunked: bool
    reader: asyncio.StreamReader = field(repr=False)

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode()

    @property
    def target(self) -> bytes:
        return self.head.split(b" ")[1]

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [
            (name.lower(), value) for name, _, value in (each.partition(": ") for each in lines)
        ]

    def all_of(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known == name]


Reply: TypeAlias = Callable[[Arrived, asyncio.StreamWriter], Awaitable[None]]


def response(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *headers]
    if not any(each.lower().startswith(("content-length", "transfer-")) for each in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def problem(status: int, detail: str, *headers: str) -> bytes:
    body = json.dumps({"type": "about:blank", "status": status, "detail": detail}).encode()
    return response(status, body, "Content-Type: application/problem+json", *headers)


def saying(content: bytes) -> Reply:
    """Answer with these bytes."""

    async def reply(_: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return reply


def breaking_off(content: bytes) -> Reply:
    """Answer with these bytes and close the connection."""

    async def reply(_: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        writer.close()

    return reply


async def hanging(arrived: Arrived, _: asyncio.StreamWriter) -> None:
    """Say nothing until the other end hangs up."""
    await arrived.reader.read()


class Peer:
    """One of them. `reply` may be replaced at any time."""

    def __init__(self, name: str) -> None:
        self.reply: Reply = saying(response(200, name.encode(), "Content-Type: text/plain"))
        self.arrived: list[Arrived] = []
        self.connections = 0
        self.url = ""
        self._news: asyncio.Queue[Arrived] = asyncio.Queue()
        self._bytes: asyncio.Queue[bytes] = asyncio.Queue()
        self._hung_up: asyncio.Queue[None] = asyncio.Queue()
        self._open: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def answering(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
        listener = listening()
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        server = await asyncio.start_server(self._connected, sock=listener, ssl=tls)
        try:
            yield
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def next(self) -> Arrived:
        """The next whole request."""
        return await asyncio.wait_for(self._news.get(), DEADLINE)

    async def next_bytes(self) -> bytes:
        """The next piece of any body, as soon as it is here."""
        return await asyncio.wait_for(self._bytes.get(), DEADLINE)

    async def hung_up(self) -> None:
        """Return when the gateway has closed a connection."""
        await asyncio.wait_for(self._hung_up.get(), DEADLINE)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while not writer.is_closing():
                arrived = await self._request(reader)
                self.arrived.append(arrived)
                self._news.put_nowait(arrived)
                await self.reply(arrived, writer)
        self._hung_up.put_nowait(None)
        self._open.discard(task)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _request(self, reader: asyncio.StreamReader) -> Arrived:
        head = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
        request = Arrived(head, b"", b"transfer-encoding: chunked" in head.lower(), reader)
        if request.chunked:
            while size := int(await reader.readline(), 16):
                end = len(request.body) + size
                while missing := end - len(request.body):
                    request.body += await self._piece(reader, missing)
                await reader.readline()
            await reader.readline()
        for length in request.all_of("content-length"):
            while missing := int(length) - len(request.body):
                request.body += await self._piece(reader, missing)
        return request

    async def _piece(self, reader: asyncio.StreamReader, most: int) -> bytes:
        piece = await reader.read(most)
        if not piece:
            raise asyncio.IncompleteReadError(b"", most)
        self._bytes.put_nowait(piece)
        return piece


def listening() -> socket.socket:
    """Below 32768: above, the kernel gives ports to clients."""
    for port in SystemRandom().sample(range(20000, 32000), 200):
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            listener.close()
            continue
        listener.listen(512)
        return listener
    raise AssertionError("no free port")
