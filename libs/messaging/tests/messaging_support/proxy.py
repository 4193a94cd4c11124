"""A TCP proxy that does to connections what a network does."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65_536
# Closing with this sends a reset, where a plain close would end the stream in good order.
RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Stands before one server, or before several, of which it takes the first that answers."""

    def __init__(self, targets: Sequence[tuple[str, int]]) -> None:
        self._targets = targets
        self._streams: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.accepted = 0
        self.refusing = False
        self.mute = False
        # How many more bytes of clients pass before everything is cut.
        self.cut_after: int | None = None
        # One permit per connection that was refused, or per answer that was swallowed.
        self.refusals = asyncio.Semaphore(0)
        self.swallowed = asyncio.Semaphore(0)
        self.cuts = asyncio.Semaphore(0)

    def url(self, server: str) -> str:
        """The server's URL, by way of this proxy."""
        parts = urlsplit(server)
        user = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """Reset every connection, in the middle of whatever it says."""
        for stream in self._streams:
            self._reset(stream)
        self.cuts.release()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            self._reset(writer)
            self.refusals.release()
            return
        try:
            from_server, to_server = await self._connect()
        except OSError:
            self._reset(writer)
            return
        self.accepted += 1
        both = {writer, to_server}
        self._streams |= both
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._forth(reader, to_server))
                tasks.create_task(self._back(from_server, writer))
        except* OSError:
            pass
        finally:
            self._streams -= both
            for stream in both:
                stream.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for host, port in self._targets:
            with suppress(OSError):
                return await asyncio.open_connection(host, port)
        raise ConnectionRefusedError

    async def _forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            if self.cut_after is not None and len(data) > self.cut_after:
                writer.write(data[: self.cut_after])
                await writer.drain()
                self.cut_after = None
                self.cut()
                return
            if self.cut_after is not None:
                self.cut_after -= len(data)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            if self.mute:
                self.swallowed.release()
                continue
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()


@asynccontextmanager
async def proxied(*servers: str) -> AsyncIterator[Proxy]:
    """A proxy before the servers of these URLs."""
    urls = [urlsplit(server) for server in servers]
    proxy = Proxy([(str(url.hostname), url.port or 0) for url in urls])
    listener = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
        proxy.cut()
        await listener.wait_closed()
