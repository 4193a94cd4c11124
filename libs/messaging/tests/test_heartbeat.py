"""Heartbeats on a real broker: they come while the work goes on, and never disturb it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractQueue
from crivo_messaging.envelope import Envelope
from crivo_messaging.heartbeat import QueueInspector, heartbeat
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology, declare_at
from messaging_support.messages import TOPOLOGY, counted, whispered

DEAD = DeadLetters("signs.dlx", "signs.dead-letters")
SIGNS = Queue(
    "signs.forgetful",
    (Binding("test.events", "test.whispered.*"),),
    DEAD,
    message_ttl=timedelta(milliseconds=1),
    forgets_expired=True,
)
KEPT = Queue(
    "signs.kept",
    (Binding("test.events", "test.counted.*"),),
    DEAD,
    message_ttl=timedelta(milliseconds=1),
)


@pytest.fixture
async def publisher(vhost_url: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(vhost_url, TOPOLOGY)
    yield publisher
    await publisher.close()


@pytest.fixture
async def channel(vhost_url: str) -> AsyncIterator[AbstractChannel]:
    async with asyncio.timeout(60), await aio_pika.connect(vhost_url) as connection:
        yield await connection.channel()


async def heard(queue: AbstractQueue) -> asyncio.Queue[str]:
    """What comes, as it comes."""
    numbers: asyncio.Queue[str] = asyncio.Queue()

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        numbers.put_nowait(str(message.headers["cloudEvents:sequence"]))

    await queue.consume(hear, no_ack=True)
    return numbers


async def test_signs_of_life_come_until_the_work_ends(
    vhost_url: str, publisher: Publisher, channel: AbstractChannel
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    numbers = count(1)
    heartbeats = await heard(await channel.get_queue("test.numbers"))
    async with heartbeat(publisher, lambda: counted(next(numbers)), seconds=0.01):
        assert [await heartbeats.get() for _ in range(3)] == ["1", "2", "3"]
    ended = next(numbers)
    await publisher.publish(counted(1000))
    later = [await heartbeats.get()]
    while later[-1] != "1000":
        later.append(await heartbeats.get())
    assert len(later) <= ended - 3
    assert next(numbers) == ended + 1, "and then no more"


async def test_an_unavailable_broker_does_not_disturb_the_work(vhost_url: str) -> None:
    heartbeats: asyncio.Queue[Envelope] = asyncio.Queue()

    def message() -> Envelope:
        heartbeats.put_nowait(whispered())
        return whispered()

    publisher = Publisher(vhost_url + "-that-does-not-exist", TOPOLOGY)
    async with asyncio.timeout(60), heartbeat(publisher, message, seconds=0):
        await heartbeats.get()
        await heartbeats.get()
    await publisher.close()


async def test_the_error_of_the_work_is_the_error_of_the_block(
    vhost_url: str, publisher: Publisher
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    with pytest.raises(ZeroDivisionError):
        async with heartbeat(publisher, whispered):
            raise ZeroDivisionError


async def test_a_sign_that_cannot_be_made_is_an_error_and_not_silence(
    publisher: Publisher,
) -> None:
    asked = asyncio.Event()

    def broken() -> Envelope:
        asked.set()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with heartbeat(publisher, broken):
            await asked.wait()


class DeafOnce(Publisher):
    """Swallows one cancellation, as `asyncio.wait_for` does in the drivers before Python 3.12."""

    swallowed = False

    async def publish(self, envelope: Envelope) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self.swallowed:
                raise
            self.swallowed = True


async def test_signs_of_life_end_though_a_cancellation_is_swallowed(vhost_url: str) -> None:
    """Else a worker would hold its job for as long as it lives, and do nothing about it."""
    async with asyncio.timeout(60) as patience:
        async with heartbeat(DeafOnce(vhost_url, TOPOLOGY), whispered):
            await asyncio.sleep(0)  # the first sign is on its way
    assert not patience.expired()


async def test_a_queue_has_consumers_when_one_is_connected(
    vhost_url: str, channel: AbstractChannel
) -> None:
    inspector = QueueInspector(vhost_url, "test.numbers")
    assert not await inspector.has_consumers(), "there is no queue"
    await declare_at(vhost_url, TOPOLOGY)
    assert not await inspector.has_consumers(), "no consumer is connected"
    await heard(await channel.get_queue("test.numbers"))
    assert await inspector.has_consumers()
    await inspector.close()
    assert await inspector.has_consumers(), "asked again over a new connection"
    await inspector.close()
    assert not await QueueInspector(vhost_url + "-away", "test.numbers").has_consumers()


async def test_what_expires_in_a_forgetful_queue_alarms_nobody(
    vhost_url: str, publisher: Publisher, channel: AbstractChannel
) -> None:
    await declare_at(vhost_url, Topology([Exchange("test.events")], [SIGNS, KEPT]))
    await publisher.publish(whispered())
    forgetful = await channel.declare_queue(SIGNS.name, passive=True)
    while forgetful.declaration_result.message_count:
        forgetful = await channel.declare_queue(SIGNS.name, passive=True)
    await publisher.publish(counted(1))
    dead_letters = await channel.get_queue(DEAD.queue)
    async with dead_letters.iterator() as dead:
        dead_letter = await anext(dead)
        await dead_letter.ack()
    assert dead_letter.type == "test.counted.v1"
    assert await dead_letters.get(fail=False) is None
