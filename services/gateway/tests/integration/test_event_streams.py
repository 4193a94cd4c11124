"""`/v1/events`: what happens, to those whom it concerns, from where they left off."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from secrets import token_urlsafe
from uuid import UUID

import pytest
from gateway.bootstrap import PACE
from gateway.infrastructure.live_log import RedisLiveLog
from gateway_support.door import Door, Services, open_door
from gateway_support.link import Link, link_to
from gateway_support.listener import (
    Heard,
    a_change,
    happen,
    headers_of,
    listening_as,
    numbers,
)
from gateway_support.organization import ANA, SigningKey
from gateway_support.peers import DEADLINE, breaking_off
from redis.asyncio import Redis
from uuid_utils.compat import uuid7

QUICK = replace(PACE, heartbeat=0.05)


@pytest.fixture
async def way(redis_url: str) -> AsyncIterator[Link]:
    """To Redis, for those who cut it."""
    async with link_to(redis_url) as way:
        await way.make()
        yield way


async def streams(door: Door) -> int:
    """How many are open in this process, by its metrics."""
    lines = (await door.http.get("/metrics")).text.split("\n")
    (line,) = [each for each in lines if each.startswith("crivo_live_streams ")]
    return int(float(line.split(" ")[1]))


async def until_streams(door: Door, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while await streams(door) != count:
            pass


async def test_whoever_listens_hears_what_happens_from_now_on(door: Door, acme: UUID) -> None:
    await happen(door, acme, 1)
    async with listening_as(door, acme) as listener:
        ready = await listener.next()
        await happen(door, acme, 2, 3)
        heard = await listener.some(2)
    assert (ready.event, ready.data) == ("ready", {})
    assert [(each.event, each.data) for each in heard] == [
        ("job_started", {"number": 2}),
        ("job_started", {"number": 3}),
    ]
    assert listener.answer.headers["content-type"] == "text/event-stream"
    assert listener.answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("read", [0, 1, 4, 7])
async def test_a_stream_goes_on_after_the_last_event_that_arrived(
    door: Door, acme: UUID, read: int
) -> None:
    """None is lost and none comes twice, wherever the client was, and whoever else listens."""
    async with listening_as(door, acme) as listener:
        first: list[Heard] = [await listener.next()]
        await happen(door, acme, *range(7))
        first += await listener.some(read)
    await happen(door, acme, *range(7, 300))
    async with listening_as(door, acme, last=first[-1].id) as listener:
        again = await listener.next()
        await happen(door, acme, 300)
        rest = await listener.some(301 - read)
    assert (again.event, again.id) == ("ready", first[-1].id)
    assert numbers(first[1:]) + numbers(rest) == list(range(301))


async def test_nobody_hears_what_happens_to_another_organization(door: Door, acme: UUID) -> None:
    other: UUID = uuid7()
    async with listening_as(door, acme) as ours, listening_as(door, other) as theirs:
        _, position = await ours.next(), (await theirs.next()).id
        await happen(door, other, 1, 2)
        await happen(door, acme, 3)
        assert numbers(await theirs.some(2)) == [1, 2]
        assert numbers([await ours.next()]) == [3]
    async with listening_as(door, acme, last=position) as listener:
        gap = await listener.next()
        await happen(door, acme, 4)
        assert (gap.event, numbers([await listener.next()])) == ("gap", [4])


async def test_an_event_that_is_trimmed_makes_a_gap_and_the_stream_goes_on_from_now(
    door: Door, acme: UUID, redis: Redis
) -> None:
    async with listening_as(door, acme) as listener:
        left = (await listener.next()).id
        await happen(door, acme, 1)
    await happen(door, acme, 2, 3)
    await redis.xtrim(f"crivo:live:{{{acme}}}", maxlen=2, approximate=False)
    async with listening_as(door, acme, last=left) as listener:
        gap = await listener.next()
        await happen(door, acme, 4)
        assert (gap.event, gap.data) == ("gap", {})
        assert numbers([await listener.next()]) == [4]
    async with listening_as(door, acme, last=gap.id) as listener:
        assert [(each.event) for each in await listener.some(2)] == ["ready", "job_started"]


async def test_a_redis_that_forgot_everything_makes_a_gap(
    door: Door, acme: UUID, redis: Redis
) -> None:
    async with listening_as(door, acme) as listener:
        left = (await listener.next()).id
    await redis.delete(f"crivo:live:{{{acme}}}")
    async with listening_as(door, acme, last=left) as listener:
        assert (await listener.next()).event == "gap"


async def test_a_gap_is_told_of_in_the_middle_of_a_stream(
    services: Services, redis_url: str, redis: Redis, acme: UUID
) -> None:
    """As when a client is so slow that what it has not read is trimmed."""
    async with (
        open_door(services, redis_url, pace=QUICK) as door,
        listening_as(door, acme) as listener,
    ):
        assert (await listener.next()).event == "ready"
        await redis.delete(f"crivo:live:{{{acme}}}")
        assert (await listener.next()).event == "gap"
        await happen(door, acme, 1)
        assert numbers([await listener.next()]) == [1]


async def test_the_log_keeps_about_as_many_as_it_should_and_for_a_day(
    redis: Redis, acme: UUID
) -> None:
    log = RedisLiveLog(redis, kept=100)
    for number in range(350):
        await log.append(a_change(acme, number))
    names = [f"crivo:live:{{{acme}}}", f"crivo:live:{{{acme}}}:seen"]
    # Redis trims by blocks of a hundred.
    for kept in (await redis.xlen(names[0]), await redis.zcard(names[1])):
        assert 100 <= kept <= 200
    for name in names:
        assert 0 < await redis.ttl(name) <= 24 * 60 * 60


async def test_a_message_that_comes_again_is_there_once(redis: Redis, acme: UUID) -> None:
    log, change = RedisLiveLog(redis), a_change(acme, 1)
    assert [await log.append(change) for _ in range(3)] == [True, False, False]
    assert await redis.xlen(f"crivo:live:{{{acme}}}") == 1


async def test_a_silent_stream_gives_signs_of_life(
    services: Services, redis_url: str, acme: UUID
) -> None:
    async with (
        open_door(services, redis_url, pace=QUICK) as door,
        listening_as(door, acme) as listener,
    ):
        await listener.next()
        assert [await listener.block() for _ in range(2)] == [[": still here"]] * 2


async def test_who_is_nobody_hears_nothing(door: Door) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}):
        answer = await door.http.get("/v1/events", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("last", ["", "x", "1", "-", "1-", "$", "1-1-1", f"{2**64}-0", "1" * 30])
async def test_what_is_no_position_is_refused(door: Door, acme: UUID, last: str) -> None:
    answer = await door.http.get("/v1/events", headers=headers_of(door, acme, last))
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "Last-Event-ID is not the id of an event",
    )


async def test_there_is_only_listening(door: Door, acme: UUID) -> None:
    answer = await door.http.post("/v1/events", headers=headers_of(door, acme))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_an_organization_has_only_so_many_streams_and_a_client_that_leaves_makes_room(
    services: Services, redis_url: str, acme: UUID
) -> None:
    async with open_door(services, redis_url, streams_of_each=2) as door:
        before = await streams(door)
        async with AsyncExitStack() as stack:
            for _ in range(2):
                listener = await stack.enter_async_context(listening_as(door, acme))
                await listener.next()
            refused = await door.http.get("/v1/events", headers=headers_of(door, acme))
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
            async with listening_as(door, uuid7()) as other:
                assert (await other.next()).event == "ready"
        await until_streams(door, before)
        async with listening_as(door, acme) as listener:
            assert (await listener.next()).event == "ready"


async def test_a_process_has_only_so_many_streams(
    services: Services, redis_url: str, acme: UUID
) -> None:
    async with (
        open_door(services, redis_url, streams=1) as door,
        listening_as(door, acme) as listener,
    ):
        await listener.next()
        refused = await door.http.get("/v1/events", headers=headers_of(door, uuid7()))
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert (await door.http.get("/v1/jobs", headers=door.as_ana())).text == "queue"


async def test_a_client_that_takes_nothing_is_let_go(
    services: Services, redis_url: str, acme: UUID
) -> None:
    async with open_door(services, redis_url, pace=replace(PACE, patience=0.2)) as door:
        before = await streams(door)
        with _deaf_client(door, acme):
            await until_streams(door, before + 1)
            large = json.dumps({"number": 0, "padding": "x" * 200_000})
            for number in range(60):
                await door.service.log.append(a_change(acme, number, data=large))
            await until_streams(door, before)


@contextmanager
def _deaf_client(door: Door, organization: UUID) -> Iterator[None]:
    authorization = headers_of(door, organization)["Authorization"]
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", door.port))
        client.sendall(
            f"GET /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\n\r\n".encode()
        )
        yield


async def test_a_stream_does_not_outlive_its_api_key(
    services: Services, redis_url: str, redis: Redis, acme: UUID
) -> None:
    key = f"crivo_{token_urlsafe(32)}"
    owner = {"id": ANA, "organization_id": str(acme), "role": "member"}
    services.organization.api_keys[key] = owner
    async with open_door(services, redis_url, pace=replace(QUICK, credentials=0)) as door:
        headers = {"Authorization": f"Bearer {key}"}
        async with door.http.stream("GET", "/v1/events", headers=headers) as answer:
            lines = answer.aiter_lines()
            assert "event: ready" in [await anext(lines) for _ in range(4)]
            del services.organization.api_keys[key]
            for name in await redis.keys("crivo:api-key:*"):
                if str(acme).encode() in (await redis.get(name) or b""):
                    await redis.delete(name)
            async with asyncio.timeout(DEADLINE):
                assert {line async for line in lines} <= {"", ": still here"}


async def test_a_stream_does_not_outlive_its_access_token(
    services: Services, redis_url: str, acme: UUID
) -> None:
    async with (
        open_door(services, redis_url, pace=QUICK) as door,
        listening_as(door, acme) as listener,
    ):
        await listener.next()
        services.organization.keys = [SigningKey("second")]
        door.clock.seconds += 400
        while await listener.block():
            pass


async def test_a_stream_goes_on_while_nobody_can_say_whose_it_is(
    services: Services, redis_url: str, acme: UUID
) -> None:
    async with (
        open_door(services, redis_url, pace=QUICK) as door,
        listening_as(door, acme) as listener,
    ):
        await listener.next()
        services.organization.broken = breaking_off(b"")
        door.clock.seconds += 400
        assert await listener.block() == [": still here"]
        await happen(door, acme, 1)
        assert numbers([await listener.next()]) == [1]


async def test_without_redis_there_is_no_stream_and_everything_else_works(
    services: Services, way: Link, acme: UUID
) -> None:
    async with open_door(services, way.url) as door:
        await way.cut()
        answer = await door.http.get("/v1/events", headers=headers_of(door, acme))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["detail"] == "Live events cannot be reached now"
        assert (await door.http.get("/v1/jobs", headers=door.as_ana())).text == "queue"


async def test_a_stream_ends_when_redis_goes_and_goes_on_when_it_is_back(
    services: Services, way: Link, acme: UUID
) -> None:
    async with open_door(services, way.url) as door:
        async with listening_as(door, acme) as listener:
            left = (await listener.next()).id
            await way.cut()
            assert await listener.block() == []
        await way.make()
        await happen(door, acme, 1)
        async with listening_as(door, acme, last=left) as listener:
            assert numbers((await listener.some(2))[1:]) == [1]
