"""What an outage leaves behind: an outbox of a hundred thousand rows."""

import asyncio
import json
from collections import defaultdict

import aiormq
import psutil
from aiormq.abc import DeliveredMessage
from crivo_messaging.postgres_outbox import PostgresOutbox
from crivo_messaging.publisher import Publisher
from crivo_messaging.relay import Relay
from crivo_messaging.topology import declare_at
from messaging_support.messages import TOPOLOGY, counted
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

ROWS = 100_000
SUBJECTS = 1_000
GROWTH_BYTES = 30_000_000

FILL = text(
    "INSERT INTO outbox (id, type, subject, sequence, exchange, mandatory, attributes, body)"
    " SELECT gen_random_uuid(), :type, 's' || number % :subjects, number, :exchange, true,"
    " CAST(:attributes AS json), CAST(:body AS json) FROM generate_series(1, :rows) number"
)


async def test_a_backlog_of_100_000_messages_leaves_in_order_and_in_flat_memory(
    engine: AsyncEngine, database_url: str, vhost_url: str
) -> None:
    """A relay that comes back after an outage needs the memory of one batch, however many wait."""
    await declare_at(vhost_url, TOPOLOGY)
    await _fill(engine)
    outbox, publisher = PostgresOutbox(database_url), Publisher(vhost_url, TOPOLOGY)
    relay = Relay(outbox, publisher)
    assert await outbox.lead()
    process = psutil.Process()
    async with asyncio.timeout(240):
        sent = await relay.relay_once()
        before = process.memory_info().rss
        highest = before
        while batch := await relay.relay_once():
            sent += batch
            highest = max(highest, process.memory_info().rss)
        await publisher.close()
        await outbox.close()
        assert sent == ROWS
        assert highest - before < GROWTH_BYTES

        arrived = await _arrived(vhost_url)
    assert len(arrived) == SUBJECTS
    for numbers in arrived.values():
        assert numbers == sorted(numbers)
        assert len(numbers) == ROWS // SUBJECTS


async def _fill(engine: AsyncEngine) -> None:
    like = counted(0)
    async with engine.begin() as connection:
        await connection.execute(
            FILL,
            {
                "type": like.type,
                "exchange": like.exchange,
                "attributes": json.dumps(like.attributes()),
                "body": like.body,
                "rows": ROWS,
                "subjects": SUBJECTS,
            },
        )


async def _arrived(url: str) -> dict[str, list[int]]:
    """The numbers of every subject, in the order in which the queue holds them."""
    arrived: dict[str, list[int]] = defaultdict(list)
    complete = asyncio.Event()
    count = 0

    async def keep(message: DeliveredMessage) -> None:
        nonlocal count
        headers = message.header.properties.headers or {}
        number = int(str(headers["cloudEvents:sequence"]))
        arrived[str(headers["cloudEvents:subject"])].append(number)
        count += 1
        if count == ROWS:
            complete.set()

    connection = await aiormq.connect(url)
    # Below aio-pika, because a hundred thousand objects of it take longer than all the rest.
    channel = await connection.channel()
    await channel.basic_consume("test.numbers", keep, no_ack=True)
    await complete.wait()
    await connection.close()
    return arrived
