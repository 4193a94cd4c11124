"""Bodies: how large, how slow, and how they are framed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from gateway.application.routes import MEGABYTE, ROUTES, WEBHOOK_BYTES
from gateway_support.door import Door, Services, open_door
from gateway_support.peers import DEADLINE

POST = b"POST /v1/sessions HTTP/1.1\r\nHost: a\r\n"


async def test_a_body_that_is_announced_too_large_is_not_begun(door: Door) -> None:
    request = POST + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % (MEGABYTE + 1)
    answer = await door.say(request)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    assert door.services.arrived == 0


async def test_a_body_of_unknown_length_is_counted(door: Door) -> None:
    async def as_much_as_goes() -> AsyncIterator[bytes]:
        for _ in range(MEGABYTE // 10_000):
            yield b"x" * 10_000

    answer = await door.http.post("/v1/sessions", content=as_much_as_goes())
    assert answer.status_code == 200
    (arrived,) = door.services.organization.arrived
    assert (len(arrived.body), arrived.chunked) == (MEGABYTE, True)
    reader, writer = await door.connect()
    writer.write(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(MEGABYTE // 50_000 + 1):
        writer.write(b"c350\r\n" + b"x" * 50_000 + b"\r\n")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE)
    writer.close()
    assert head.startswith(b"HTTP/1.1 413 ")
    assert len(door.services.organization.arrived) == 1


async def test_a_webhook_may_be_as_large_as_github_sends_them(door: Door) -> None:
    answer = await door.http.post("/webhooks/github", content=b"x" * WEBHOOK_BYTES)
    assert answer.status_code == 200
    assert len(door.services.platform.arrived[0].body) == WEBHOOK_BYTES
    answer = await door.http.post("/webhooks/github", content=b"x" * (WEBHOOK_BYTES + 1))
    assert answer.status_code == 413


async def test_a_body_goes_on_while_it_still_comes(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(POST + b"Content-Length: 6\r\nConnection: close\r\n\r\none")
    assert await door.services.organization.next_bytes() == b"one"
    writer.write(b"two")
    assert await door.services.organization.next_bytes() == b"two"
    assert (await asyncio.wait_for(reader.read(), DEADLINE)).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(POST + b"Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"yes")
    assert (await asyncio.wait_for(reader.read(), DEADLINE)).startswith(b"HTTP/1.1 200 ")
    writer.close()
    assert not door.services.organization.arrived[0].all_of("expect")


async def test_a_request_whose_end_could_be_disputed_goes_nowhere(door: Door) -> None:
    for framing in (
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nfour5",
        b"Content-Length: +4\r\n\r\nfour",
        b"Content-Length: 4, 4\r\n\r\nfour",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"X-A: 1\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ):
        answer = await door.say(POST + framing)
        assert answer.startswith(b"HTTP/1.1 400 "), framing
    assert door.services.arrived == 0


async def test_length_cannot_be_named_away_by_connection(door: Door) -> None:
    smuggled = b"GET /internal HTTP/1.1\r\nHost: a\r\n\r\n"
    request = POST + b"Connection: close, Content-Length\r\nContent-Length: %d\r\n\r\n"
    await door.say(request % len(smuggled) + smuggled)
    (arrived,) = door.services.organization.arrived
    assert arrived.body == smuggled


async def test_a_body_that_does_not_come_is_not_waited_for(
    services: Services, redis_url: str
) -> None:
    routes = [replace(route, seconds=2) for route in ROUTES]
    async with open_door(services, redis_url, routes) as door:
        reader, writer = await door.connect()
        writer.write(POST + b"Content-Length: 6\r\n\r\none")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE)
        assert head.startswith(b"HTTP/1.1 408 ")
        await services.organization.hung_up()
        writer.close()
