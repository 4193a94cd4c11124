"""The relay against a real outbox and a real broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import psycopg
import pytest
from aio_pika.abc import AbstractIncomingMessage
from crivo_messaging.envelope import Envelope
from crivo_messaging.postgres import append
from crivo_messaging.postgres_outbox import CHANNEL, PostgresOutbox
from crivo_messaging.publisher import BrokerUnavailable, Publisher
from crivo_messaging.relay import Outcome, Relay
from crivo_messaging.topology import Exchange, Topology, declare_at
from crivo_postgres.connection import database_answers
from crivo_postgres.notifier import Notifier, open_notifier
from messaging_support.messages import TOPOLOGY, counted, whispered
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def store(engine: AsyncEngine, *envelopes: Envelope) -> None:
    async with engine.begin() as connection:
        await append(connection, envelopes)


async def unpublished(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        query = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        return int((await connection.execute(query)).scalar_one())


async def received(url: str) -> list[AbstractIncomingMessage]:
    """Everything that waits in the queue."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.get_queue("test.numbers")
        messages = []
        while message := await queue.get(no_ack=True, fail=False):
            messages.append(message)
        return messages


@asynccontextmanager
async def leading(database_url: str, vhost_url: str) -> AsyncIterator[Relay]:
    outbox, publisher = PostgresOutbox(database_url), Publisher(vhost_url, TOPOLOGY)
    assert await outbox.lead()
    try:
        yield Relay(outbox, publisher)
    finally:
        await outbox.close()
        await publisher.close()


async def test_messages_of_one_subject_leave_in_order(
    engine: AsyncEngine, database_url: str, vhost_url: str
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    await store(engine, *(counted(n, subject="ab"[n % 2]) for n in range(40)))

    async with leading(database_url, vhost_url) as relay:
        assert await relay.relay_once() == 40

    sequences = [
        (m.headers["cloudEvents:subject"], int(str(m.headers["cloudEvents:sequence"])))
        for m in await received(vhost_url)
    ]
    assert [n for s, n in sequences if s == "a"] == list(range(0, 40, 2))
    assert [n for s, n in sequences if s == "b"] == list(range(1, 40, 2))
    assert await unpublished(engine) == 0


async def test_the_wire_carries_cloudevents_attributes(
    engine: AsyncEngine, database_url: str, vhost_url: str
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    envelope = counted(7)
    await store(engine, envelope)

    async with leading(database_url, vhost_url) as relay:
        await relay.relay_once()

    (message,) = await received(vhost_url)
    assert message.body.decode() == envelope.body
    assert message.message_id == message.headers["cloudEvents:id"] == str(envelope.id)
    assert message.routing_key == message.type == "test.counted.v1"
    assert message.headers["cloudEvents:specversion"] == "1.0"
    assert message.headers["cloudEvents:organizationid"] == str(envelope.organization_id)
    assert message.correlation_id == envelope.correlation_id
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT


async def test_a_mandatory_message_waits_for_its_queue_and_holds_only_its_subject(
    engine: AsyncEngine, database_url: str, vhost_url: str
) -> None:
    await declare_at(vhost_url, Topology([Exchange("test.events")]))
    await store(engine, counted(1), whispered(), counted(2))

    async with leading(database_url, vhost_url) as relay:
        assert await relay.relay_once() == 1
        assert await relay.relay_once() == 0
        assert await unpublished(engine) == 2

        await declare_at(vhost_url, TOPOLOGY)
        await store(engine, counted(3))
        assert await relay.relay_once() == 0, "a later message waits for the postponed one"
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE outbox SET not_before = now()"))
        assert await relay.relay_once() == 3
    waiting = await received(vhost_url)
    assert [int(str(m.headers["cloudEvents:sequence"])) for m in waiting] == [1, 2, 3]


async def test_only_one_relay_leads_and_a_standby_follows(
    engine: AsyncEngine, database_url: str
) -> None:
    active, standby = PostgresOutbox(database_url), PostgresOutbox(database_url)
    assert await active.lead()
    assert not await standby.lead()
    await active.close()
    # The server lets go of the lock when it has seen the session end.
    async with asyncio.timeout(60):
        while not await standby.lead():
            pass
    await standby.close()


async def test_the_notifier_wakes_a_waiting_relay(engine: AsyncEngine, database_url: str) -> None:
    outbox = PostgresOutbox(database_url)
    await outbox.lead()
    async with open_notifier(database_url) as notifier:
        await _notified(notifier, outbox)
    await outbox.close()


async def _notified(notifier: Notifier, outbox: PostgresOutbox) -> None:
    """Fails by its time-out: the wait alone would take an hour."""
    async with asyncio.timeout(60):
        waiting = asyncio.create_task(outbox.wait(3600))
        notifier.notify(CHANNEL)
        await waiting


async def test_an_unavailable_broker_leaves_messages_in_the_outbox(
    engine: AsyncEngine, database_url: str, vhost_url: str
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    await store(engine, counted(1))

    async with leading(database_url, vhost_url + "-that-does-not-exist") as relay:
        with pytest.raises(BrokerUnavailable):
            await relay.relay_once()
    assert await unpublished(engine) == 1

    async with leading(database_url, vhost_url) as relay:
        assert await relay.relay_once() == 1


async def test_run_stops_when_told_with_everything_published(
    engine: AsyncEngine, database_url: str, vhost_url: str
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    await store(engine, *(counted(n) for n in range(10)))
    stop = asyncio.Event()
    relay = Relay(PostgresOutbox(database_url), Publisher(vhost_url, TOPOLOGY))
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run(stop))
        while await unpublished(engine):
            pass
        stop.set()
    assert len(await received(vhost_url)) == 10


@pytest.mark.parametrize("published", [0, 1, 2])
async def test_what_was_confirmed_is_not_sent_again(
    engine: AsyncEngine, database_url: str, published: int
) -> None:
    await store(engine, counted(1), counted(2))
    outbox = PostgresOutbox(database_url)
    await outbox.lead()
    (group,) = await outbox.pending()
    await outbox.settle([Outcome(group, published)])
    left = [each for group in await outbox.pending() for each in group]
    assert [each.sequence for each in left] == [1, 2][published:]
    await outbox.close()


async def test_a_relay_is_ready_while_its_database_answers(database_url: str) -> None:
    await database_answers(database_url)
    with pytest.raises(psycopg.OperationalError):
        await database_answers("postgresql+psycopg://nobody@127.0.0.1:1/none")
