"""The failure policy on a real broker: held, tried again, given back or dead-lettered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from uuid import UUID

import pytest
from crivo_messaging.consumer import (
    FailurePolicy,
    consume_dead_letters,
    create_broker,
    delivery_id,
    queue,
    run_consumers,
)
from crivo_messaging.dead_letters import DeadLetter
from crivo_messaging.envelope import Envelope
from crivo_messaging.postgres import messaging_tables
from crivo_messaging.postgres_dead_letters import PostgresDeadLetters
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import (
    Binding,
    DeadLetters,
    Exchange,
    Queue,
    Topology,
    TopologyMismatch,
    declare_at,
)
from crivo_tasks.unavailable import Unavailable
from messaging_support.messages import TOPOLOGY, CountedV1, counted
from sqlalchemy import MetaData, select
from sqlalchemy.ext.asyncio import AsyncEngine


class Conflict(Exception):
    pass


class CollectedDeadLetters:
    """Collects dead letters and says when one came."""

    def __init__(self) -> None:
        self.dead_letters: asyncio.Queue[DeadLetter] = asyncio.Queue()

    async def add(self, dead_letter: DeadLetter) -> None:
        self.dead_letters.put_nowait(dead_letter)


@asynccontextmanager
async def consuming(
    url: str, handle: Callable[[int], Awaitable[None]]
) -> AsyncIterator[tuple[Publisher, CollectedDeadLetters]]:
    policy, dead_letters = FailurePolicy("test", conflicts=(Conflict,)), CollectedDeadLetters()
    broker = create_broker(url, policy=policy, prefetch=5)

    @broker.subscriber(queue("test.numbers"))
    async def on_counted(event: CountedV1) -> None:
        await handle(event.number)

    consume_dead_letters(broker, TOPOLOGY, dead_letters)
    await declare_at(url, TOPOLOGY)
    stop, publisher = asyncio.Event(), Publisher(url, TOPOLOGY)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(run_consumers(broker, policy, TOPOLOGY, stop, url=url))
        yield publisher, dead_letters
        stop.set()
    await publisher.close()


async def test_a_message_waits_for_an_unavailable_dependency(vhost_url: str) -> None:
    tries: asyncio.Queue[int] = asyncio.Queue()

    async def handle(number: int) -> None:
        tries.put_nowait(number)
        if tries.qsize() < 3:
            raise Unavailable("the database is unavailable")
        done.set()

    done = asyncio.Event()
    async with consuming(vhost_url, handle) as (publisher, dead_letters):
        await publisher.publish(counted(1))
        await done.wait()
    assert tries.qsize() == 3
    assert dead_letters.dead_letters.empty()


async def test_a_delivery_has_an_id_that_its_tries_share_and_no_other_delivery(
    vhost_url: str,
) -> None:
    seen: list[UUID] = []
    first, second = asyncio.Event(), asyncio.Event()

    async def handle(_: int) -> None:
        seen.append(delivery_id())
        if len(seen) == 1:
            raise Unavailable("the database is unavailable")
        (second if first.is_set() else first).set()

    envelope = counted(1)
    async with consuming(vhost_url, handle) as (publisher, _):
        await publisher.publish(envelope)
        await first.wait()
        await publisher.publish(envelope)
        await second.wait()
    tried, again, another = seen
    assert tried == again != another


async def test_a_conflict_is_tried_again_at_once(vhost_url: str) -> None:
    tries: list[int] = []
    done = asyncio.Event()

    async def handle(number: int) -> None:
        tries.append(number)
        if len(tries) < 4:
            raise Conflict
        done.set()

    async with consuming(vhost_url, handle) as (publisher, _):
        await publisher.publish(counted(1))
        await done.wait()
    assert tries == [1, 1, 1, 1]


async def test_a_poison_message_becomes_a_dead_letter_with_its_reason(vhost_url: str) -> None:
    async def handle(number: int) -> None:
        raise ValueError(f"no use for {number}")

    envelope = counted(1)
    async with consuming(vhost_url, handle) as (publisher, dead_letters):
        await publisher.publish(envelope)
        dead_letter = await dead_letters.dead_letters.get()
    assert dead_letter.error == "ValueError: no use for 1"
    assert (dead_letter.queue, dead_letter.type) == ("test.numbers", "test.counted.v1")
    assert dead_letter.message_id == str(envelope.id)
    assert dead_letter.body.decode() == envelope.body


@pytest.mark.parametrize("body", ["{not json", '{"type": "test.counted.v9"}'])
async def test_a_body_nobody_understands_becomes_a_dead_letter(vhost_url: str, body: str) -> None:
    async def handle(number: int) -> None:
        raise AssertionError(number)

    envelope = counted(1)
    broken = Envelope.stored(
        id=envelope.id,
        type=envelope.type,
        subject="a",
        sequence=1,
        exchange=envelope.exchange,
        mandatory=True,
        attributes=envelope.attributes(),
        body=body,
    )
    async with consuming(vhost_url, handle) as (publisher, dead_letters):
        await publisher.publish(broken)
        dead_letter = await dead_letters.dead_letters.get()
    assert dead_letter.body.decode() == body
    assert dead_letter.queue == "test.numbers"


async def test_a_version_nobody_knows_yet_becomes_a_dead_letter_and_the_queue_goes_on(
    vhost_url: str,
) -> None:
    """A publisher that was deployed too early loses nothing: its dead letters can be replayed."""
    handled: asyncio.Queue[int] = asyncio.Queue()

    async def handle(number: int) -> None:
        handled.put_nowait(number)

    newer = replace(counted(1), type="test.counted.v9", body='{"type": "test.counted.v9"}')
    async with consuming(vhost_url, handle) as (publisher, dead_letters):
        await publisher.publish(newer)
        await publisher.publish(counted(2))
        dead_letter = await dead_letters.dead_letters.get()
        assert await handled.get() == 2
    assert (dead_letter.type, dead_letter.message_id) == ("test.counted.v9", str(newer.id))


async def test_a_poison_message_is_tried_once_and_holds_nobody_up(vhost_url: str) -> None:
    """It is neither tried again nor in the way of the messages behind it."""
    tries: asyncio.Queue[int] = asyncio.Queue()

    async def handle(number: int) -> None:
        tries.put_nowait(number)
        if number == 1:
            raise ValueError("poison")

    async with consuming(vhost_url, handle) as (publisher, dead_letters):
        for number in (1, 2, 3):
            await publisher.publish(counted(number))
        await dead_letters.dead_letters.get()
        assert sorted([await tries.get() for _ in range(3)]) == [1, 2, 3]
    assert tries.empty()


async def test_a_held_message_is_given_back_when_the_process_stops(vhost_url: str) -> None:
    handling = asyncio.Event()

    async def away(_: int) -> None:
        handling.set()
        raise Unavailable("for ever")

    async with consuming(vhost_url, away) as (publisher, _):
        await publisher.publish(counted(1))
        await handling.wait()

    again: asyncio.Queue[int] = asyncio.Queue()

    async def handle(number: int) -> None:
        again.put_nowait(number)

    async with consuming(vhost_url, handle):
        assert await again.get() == 1


async def test_a_dead_letter_that_comes_twice_is_one_row_counted_twice(
    engine: AsyncEngine, vhost_url: str
) -> None:
    async def handle(_: int) -> None:
        raise ValueError("poison")

    async with consuming(vhost_url, handle) as (publisher, dead_letters):
        await publisher.publish(counted(1))
        dead_letter = await dead_letters.dead_letters.get()
    table = messaging_tables(MetaData()).dead_letters
    store = PostgresDeadLetters(engine, table)
    await store.add(dead_letter)
    await store.add(dead_letter)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(table))).mappings().all()
    assert [(row["times"], row["error"]) for row in rows] == [(2, "ValueError: poison")]


async def test_other_arguments_on_the_broker_are_named(vhost_url: str) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    other = Queue(
        "test.numbers",
        (Binding("test.events", "#"),),
        DeadLetters("other.dlx", "other.dead-letters"),
    )
    with pytest.raises(TopologyMismatch, match=r"test\.numbers exists with other arguments"):
        await declare_at(vhost_url, Topology([Exchange("test.events")], [other]))


def test_a_binding_to_an_undeclared_exchange_is_refused() -> None:
    stray = Queue("test.stray", (Binding("nowhere", "#"),), DeadLetters("d", "d"))
    with pytest.raises(TopologyMismatch, match="nowhere"):
        Topology([], [stray])


async def test_a_subscriber_outside_the_topology_is_refused(vhost_url: str) -> None:
    policy = FailurePolicy("test", conflicts=())
    broker = create_broker(vhost_url, policy=policy, prefetch=1)

    @broker.subscriber(queue("test.unknown"))
    async def on_unknown(event: CountedV1) -> None:
        raise AssertionError(event)

    with pytest.raises(LookupError, match=r"test\.unknown"):
        await run_consumers(broker, policy, TOPOLOGY, asyncio.Event(), url=vhost_url)


async def test_cancelled_consumers_leave_no_connection_that_keeps_the_process_alive(
    vhost_url: str,
) -> None:
    async def handle(_: int) -> None:
        handled.set()

    handled = asyncio.Event()
    with suppress(ExceptionGroup):
        async with consuming(vhost_url, handle) as (publisher, _):
            await publisher.publish(counted(1))
            await handled.wait()
            await publisher.close()
            raise RuntimeError("a sibling died")
    await nothing_is_left()


async def test_neither_do_consumers_that_are_cancelled_while_they_start(vhost_url: str) -> None:
    async def handle(_: int) -> None:
        handled.set()

    handled = asyncio.Event()
    await declare_at(vhost_url, TOPOLOGY)
    publisher = Publisher(vhost_url, TOPOLOGY)
    await publisher.publish(counted(1))
    await publisher.close()
    with suppress(ExceptionGroup):
        async with consuming(vhost_url, handle):
            # The first queue's message is here before the second one has a consumer.
            await handled.wait()
            raise RuntimeError("a sibling died")
    await nothing_is_left()


async def nothing_is_left() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=60)
    assert [task for task in left if not task.done()] == []
