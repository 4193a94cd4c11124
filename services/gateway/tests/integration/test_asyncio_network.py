"""Connections byte for byte, against sockets that do what servers do when they are not well."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore2
import pytest
from gateway.infrastructure.asyncio_network import AsyncioNetwork
from gateway_support.peers import DEADLINE, listening

CONNECT = AsyncioNetwork().connect_tcp
MUCH = 16 * 1024 * 1024


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[httpcore2.AsyncNetworkStream, socket.socket]]:
    """Our end, and the other one."""
    with listening() as listener:
        listener.setblocking(False)
        accepting = asyncio.get_running_loop().sock_accept(listener)
        stream, (there, _) = await asyncio.gather(CONNECT(*listener.getsockname()), accepting)
    with there:
        async with asyncio.timeout(DEADLINE):
            yield stream, there
    await stream.aclose()


async def rest_at(there: socket.socket) -> int:
    """How many bytes come until our end hangs up."""
    count, loop = 0, asyncio.get_running_loop()
    while piece := await loop.sock_recv(there, 1024 * 1024):
        count += len(piece)
    return count


def reset(there: socket.socket) -> None:
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    there.close()


async def write_on(stream: httpcore2.AsyncNetworkStream) -> None:
    while True:
        await stream.write(b"more")
        await asyncio.sleep(0)


async def test_what_came_before_the_end_is_read_in_pieces_and_then_nothing() -> None:
    async with connected() as (stream, there):
        there.send(b"one two")
        there.close()
        assert [await stream.read(4) for _ in range(4)] == [
            b"one ", b"two", b"", b"",
        ]  # fmt: skip


async def test_what_is_not_read_waits_at_the_other_end() -> None:
    async with connected() as (stream, there), asyncio.TaskGroup() as group:
        sending = group.create_task(asyncio.get_running_loop().sock_sendall(there, b"x" * MUCH))
        assert not (await asyncio.wait({sending}, timeout=0.5))[0]
        left = MUCH
        while left:
            left -= len(await stream.read(65536))


async def test_what_is_not_taken_is_waited_for() -> None:
    async with connected() as (stream, there), asyncio.TaskGroup() as group:
        with pytest.raises(httpcore2.WriteTimeout):
            await stream.write(b"x" * MUCH, timeout=0.05)
        group.create_task(rest_at(there))
        await stream.write(b"the last")
        await stream.aclose()


async def test_hanging_up_does_not_wait_until_everything_is_taken() -> None:
    async with connected() as (stream, there):
        with pytest.raises(httpcore2.WriteTimeout):
            await stream.write(b"x" * MUCH, timeout=0.05)
        await stream.aclose()
        assert await rest_at(there) < MUCH


async def test_silence_has_its_end() -> None:
    async with connected() as (stream, _):
        with pytest.raises(httpcore2.ReadTimeout):
            await stream.read(1, timeout=0.01)


async def test_a_connection_that_breaks_is_an_error_and_not_the_end_of_an_answer() -> None:
    async with connected() as (stream, there):
        there.send(b"half")
        assert await stream.read(2) == b"ha"
        reset(there)
        with pytest.raises(httpcore2.WriteError):
            await write_on(stream)
        assert await stream.read(9) == b"lf"
        with pytest.raises(httpcore2.ReadError):
            await stream.read(9)


async def test_whoever_waits_to_write_hears_that_nobody_reads() -> None:
    async with connected() as (stream, there):
        writing = asyncio.create_task(stream.write(b"x" * MUCH))
        await asyncio.get_running_loop().sock_recv(there, 1)
        reset(there)
        with pytest.raises(httpcore2.WriteError):
            await writing


async def test_a_server_that_hung_up_is_known_of_before_the_loop_looks() -> None:
    async with connected() as (stream, there):
        assert not stream.get_extra_info("is_readable")
        there.close()
        assert stream.get_extra_info("is_readable")


async def test_a_server_that_hung_up_is_not_mistaken_for_one_that_has_its_number_now() -> None:
    async with connected() as (stream, there):
        there.close()
        assert await stream.read(9) == b""
        for _ in range(9):
            await asyncio.sleep(0)  # the loop closes our end
        new, other = socket.socketpair()
        with new, other:
            assert stream.get_extra_info("is_readable")


async def test_a_server_that_speaks_unasked_is_noticed() -> None:
    async with connected() as (stream, there):
        there.send(b"unasked")
        assert stream.get_extra_info("is_readable")
        assert await stream.read(2) == b"un"
        assert stream.get_extra_info("is_readable")
        assert await stream.read(9) == b"asked"
        assert not stream.get_extra_info("is_readable")


async def test_nobody_there_is_told_from_nobody_answering() -> None:
    with listening() as listener:
        address: tuple[str, int] = listener.getsockname()
        with pytest.raises(httpcore2.ConnectTimeout):
            await CONNECT(*address, timeout=0)
    with pytest.raises(httpcore2.ConnectError):
        await CONNECT(*address)


async def test_a_server_that_does_not_speak_tls_is_not_connected_to() -> None:
    async with connected() as (stream, there):
        there.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(httpcore2.ConnectError):
            await stream.start_tls(ssl.create_default_context(), "127.0.0.1")
        assert await rest_at(there)


async def test_a_server_that_does_not_answer_in_tls_is_not_waited_for() -> None:
    async with connected() as (stream, there):
        with pytest.raises(httpcore2.ConnectTimeout):
            await stream.start_tls(ssl.create_default_context(), "127.0.0.1", timeout=0.05)
        assert await rest_at(there)
