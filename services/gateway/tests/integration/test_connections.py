"""Which connection carries a request, and what becomes of it afterwards."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import httpcore2
import pytest
from gateway.infrastructure.connections import Connections
from gateway_support.certificates import tls_of
from gateway_support.peers import DEADLINE, Arrived, Peer, response, saying

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LARGE = 3_000_000


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer("peer")
    async with peer.answering():
        yield peer


@pytest.fixture
async def connections(peer: Peer) -> AsyncIterator[Connections]:
    async with aclosing(Connections(peer.url, NO_TLS)) as connections:
        yield connections


async def asked(connections: Connections, body: bytes | None = None) -> bytes:
    asking = connections.ask("POST", b"/", [], body)
    async with asyncio.timeout(DEADLINE), asking as answer:
        return await answer.aread()


@pytest.mark.parametrize("read", [True, False], ids=["read", "not read"])
async def test_nobody_can_be_cancelled_while_he_gives_a_connection_back(
    connections: Connections, read: bool
) -> None:
    """Half given back, it would be lost for ever: from the first step to the last nothing waits."""
    asking = connections.ask("GET", b"/", [], None)
    answer = await asking.__aenter__()
    if read:
        await answer.aread()
    with pytest.raises(StopIteration):
        asking.__aexit__(None, None, None).send(None)


async def test_a_connection_whose_answer_was_not_read_is_closed(
    peer: Peer, connections: Connections
) -> None:
    async with connections.ask("GET", b"/", [], None):
        pass
    await peer.hung_up()
    assert await asked(connections) == b"peer"
    assert peer.connections == 2


async def test_of_several_connections_the_one_used_last_goes_first(
    peer: Peer, connections: Connections
) -> None:
    async with connections.ask("GET", b"/", [], None) as answer:
        await asked(connections)
        await answer.aread()
    await asked(connections)
    await asked(connections)
    first, second, *later = [each.reader for each in peer.arrived]
    assert later == [first, first]
    assert second is not first


async def test_a_connection_that_was_not_used_for_long_is_closed(peer: Peer) -> None:
    async with aclosing(Connections(peer.url, NO_TLS, keep_alive=0.0)) as connections:
        await asked(connections)
        await peer.hung_up()


async def test_a_connection_that_its_service_closed_is_not_used_again(
    peer: Peer, connections: Connections
) -> None:
    writers = []

    async def reply(_: Arrived, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(response(200, b"here"))

    peer.reply = reply
    assert await asked(connections) == b"here"
    writers[0].close()
    await peer.hung_up()
    assert await asked(connections) == b"here"
    assert peer.connections == 2


async def test_nothing_stays_open_at_the_end(peer: Peer) -> None:
    async with aclosing(Connections(peer.url, NO_TLS)) as connections:
        await asked(connections)
    await peer.hung_up()


async def test_a_body_that_is_whole_says_how_long_it_is(
    peer: Peer, connections: Connections
) -> None:
    await asked(connections, b"four")
    (arrived,) = peer.arrived
    assert (arrived.body, arrived.all_of("content-length"), arrived.chunked) == (
        b"four",
        ["4"],
        False,
    )


async def test_services_can_be_spoken_to_in_tls(tmp_path: Path) -> None:
    peer, (servers, clients) = Peer("secret"), tls_of(tmp_path)
    peer.reply = saying(response(200, b"y" * LARGE))
    async with peer.answering(servers), aclosing(Connections(peer.url, clients)) as connections:
        for _ in range(2):
            assert await asked(connections, b"x" * LARGE) == b"y" * LARGE
    assert [each.body for each in peer.arrived] == [b"x" * LARGE] * 2
    assert peer.connections == 1


async def test_a_service_that_cannot_prove_who_it_is_is_told_nothing(tmp_path: Path) -> None:
    peer, (servers, _) = Peer("somebody"), tls_of(tmp_path)
    strict = ssl.create_default_context()
    async with peer.answering(servers), aclosing(Connections(peer.url, strict)) as connections:
        with pytest.raises(httpcore2.ConnectError):
            await asked(connections)
    assert peer.arrived == []
