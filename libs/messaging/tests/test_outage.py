"""The way from outbox to effect, while the wire between them and the broker is cut and muted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import pytest
from crivo_messaging.postgres import append
from crivo_messaging.postgres_outbox import PostgresOutbox
from crivo_messaging.publisher import BrokerUnavailable, Publisher, Unroutable
from crivo_messaging.relay import Relay
from crivo_messaging.topology import declare_at
from messaging_support.ledger import Ledger, keeping
from messaging_support.messages import TOPOLOGY, counted
from messaging_support.proxy import Proxy, proxied
from sqlalchemy.ext.asyncio import AsyncEngine

# Enough for a busy machine to connect, declare and publish in; each lost confirm costs it.
PATIENCE_SECONDS = 5


@pytest.fixture
async def ledger(engine: AsyncEngine) -> Ledger:
    ledger = Ledger(engine)
    await ledger.create()
    return ledger


@pytest.fixture
async def proxy(vhost_url: str) -> AsyncIterator[Proxy]:
    await declare_at(vhost_url, TOPOLOGY)
    async with proxied(vhost_url) as proxy:
        yield proxy


@asynccontextmanager
async def relaying(database_url: str, url: str) -> AsyncIterator[None]:
    """A relay that runs inside the block, and does not wait long for confirms."""
    stop = asyncio.Event()
    publisher = Publisher(url, TOPOLOGY, confirm_seconds=PATIENCE_SECONDS)
    relay = Relay(PostgresOutbox(database_url), publisher)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run(stop))
        yield
        stop.set()


async def store(engine: AsyncEngine, numbers: range, subject: str = "a") -> None:
    async with engine.begin() as connection:
        await append(connection, [counted(number, subject=subject) for number in numbers])


async def fill(publisher: Publisher, message: aio_pika.Message, queue: str) -> None:
    async with asyncio.timeout(60):
        while True:
            await publisher.put(message, queue=queue)


async def test_what_happens_while_the_broker_is_gone_takes_effect_once_it_is_back(
    engine: AsyncEngine, database_url: str, vhost_url: str, proxy: Proxy, ledger: Ledger
) -> None:
    """Relay and consumer reconnect by themselves, and nothing is lost, doubled or out of order."""
    url = proxy.url(vhost_url)
    async with relaying(database_url, url), keeping(ledger, url):
        await store(engine, range(20))
        await ledger.until(20)

        proxy.refusing = True
        proxy.cut()
        await store(engine, range(20, 40))
        for _ in range(5):
            await proxy.refusals.acquire()
        assert await ledger.effects() == 20
        proxy.refusing = False

        await ledger.until(40)
    assert await ledger.numbers() == list(range(40))


@pytest.mark.parametrize("passed", [700, 5_000, 20_000])
async def test_a_connection_reset_in_the_middle_of_a_message_loses_and_doubles_nothing(
    engine: AsyncEngine,
    database_url: str,
    vhost_url: str,
    proxy: Proxy,
    ledger: Ledger,
    passed: int,
) -> None:
    """Wherever the stream of frames breaks off, each message takes effect once."""
    proxy.cut_after = passed
    for subject in "abcde":
        await store(engine, range(10), subject)
    async with keeping(ledger, vhost_url), relaying(database_url, proxy.url(vhost_url)):
        await proxy.cuts.acquire()
        await ledger.until(50)
    for subject in "abcde":
        assert await ledger.numbers(subject) == list(range(10))


async def test_a_lost_confirm_makes_a_second_copy_that_changes_nothing(
    engine: AsyncEngine, database_url: str, vhost_url: str, proxy: Proxy, ledger: Ledger
) -> None:
    """The broker has the message and we do not know it: it is sent again, and the inbox knows."""
    async with keeping(ledger, vhost_url), relaying(database_url, proxy.url(vhost_url)):
        await store(engine, range(1))
        await ledger.until(1)
        proxy.mute = True
        await store(engine, range(1, 2))
        await proxy.swallowed.acquire()
        proxy.mute = False
        await ledger.until_delivered(3)
    assert await ledger.numbers() == [0, 1]


async def test_a_broker_that_says_nothing_more_is_away_for_every_message_of_the_batch(
    engine: AsyncEngine, database_url: str, vhost_url: str, proxy: Proxy
) -> None:
    """No message waits for ever, and giving up on one does not cancel the relay that sends it."""
    for subject in range(50):
        await store(engine, range(2), f"s{subject}")
    outbox = PostgresOutbox(database_url)
    publisher = Publisher(proxy.url(vhost_url), TOPOLOGY, confirm_seconds=PATIENCE_SECONDS)
    relay = Relay(outbox, publisher)
    await outbox.lead()
    await publisher.publish(counted(1))
    proxy.mute = True
    async with asyncio.timeout(60):
        with pytest.raises(BrokerUnavailable):
            await relay.relay_once()
        proxy.mute = False
        sent = 0
        while sent < 100:
            sent += await relay.relay_once()
    await publisher.close()
    await outbox.close()


async def test_a_message_of_one_megabyte_arrives_as_it_was(
    engine: AsyncEngine, database_url: str, vhost_url: str, proxy: Proxy, ledger: Ledger
) -> None:
    """Nothing on the way cuts it, and the messages behind it are not held up."""
    large = counted(1, padding="é" * 500_000)
    async with engine.begin() as transaction:
        await append(transaction, [large, counted(2)])
    async with relaying(database_url, proxy.url(vhost_url)):
        connection = await aio_pika.connect(vhost_url)
        async with connection:
            channel = await connection.channel()
            messages = (await channel.get_queue("test.numbers")).iterator()
            arrived = await anext(messages)
            assert len(arrived.body) > 1_000_000
            assert arrived.body.decode() == large.body
            # Not acknowledged: the broker gives it to the next consumer.
        async with keeping(ledger, vhost_url):
            await ledger.until(2)
    assert await ledger.numbers() == [1, 2]


async def test_a_refusal_is_followed_by_another_connection_and_disturbs_nobody_on_this_one(
    vhost_url: str, proxy: Proxy
) -> None:
    """A channel that met a quorum queue without a leader would refuse whatever comes after."""
    full, message = "test.full", counted(1).to_amqp()
    publisher = Publisher(proxy.url(vhost_url), TOPOLOGY, confirm_seconds=PATIENCE_SECONDS)
    connection = await aio_pika.connect(vhost_url)
    async with connection:
        limits: dict[str, Any] = {
            "x-queue-type": "quorum",
            "x-max-length": 0,
            "x-overflow": "reject-publish",
        }
        channel = await connection.channel()
        await channel.declare_queue(full, durable=True, arguments=limits)
        # A quorum queue learns that it is full from what it was given.
        with pytest.raises(Unroutable):
            await fill(publisher, message, full)
        assert proxy.accepted == 1
        refused, taken = await asyncio.gather(
            publisher.put(message, queue=full),
            publisher.put(message, queue="test.numbers"),
            return_exceptions=True,
        )
        assert (type(refused), taken) == (Unroutable, None)
        assert proxy.accepted == 2
        await publisher.put(message, queue="test.numbers")
        assert proxy.accepted == 3
    await publisher.close()
