"""What an outage leaves behind: an outbox of a hundred thousand rows."""

import asyncio
import json
from collections import defaultdict

import aiormq
import psutil
from aiormq.abc import DeliveredMessage
from crivo_messaging.postgres import append
from crivo_messaging.topology import declare_at
from messaging_support.messages import TOPOLOGY, counted
from messaging_support.processes import running
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

ROWS = 100_000
SUBJECTS = 1_000
GROWTH_BYTES = 30_000_000
# Half a minute on a machine that does nothing else; ours may be shared by many.
PATIENCE_SECONDS = 600

FILL = text(
    "INSERT INTO outbox (id, type, subject, sequence, exchange, mandatory, attributes, body)"
    " SELECT gen_random_uuid(), :type, 's' || number % :subjects, number, :exchange, true,"
    " CAST(:attributes AS json), CAST(:body AS json) FROM generate_series(1, :rows) number"
)


class Arrivals:
    """The numbers of every subject, in the order in which the queue gives them."""

    def __init__(self, relay: psutil.Process) -> None:
        self._relay = relay
        self._changed = asyncio.Condition()
        self.numbers: dict[str, list[int]] = defaultdict(list)
        self.count = 0
        self.highest = 0

    async def keep(self, message: DeliveredMessage) -> None:
        headers = message.header.properties.headers or {}
        number = int(str(headers["cloudEvents:sequence"]))
        self.numbers[str(headers["cloudEvents:subject"])].append(number)
        self.count += 1
        if self.count % 500 == 1:
            self.highest = max(self.highest, self._relay.memory_info().rss)
        async with self._changed:
            self._changed.notify_all()

    async def until(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.count >= count)


async def test_a_backlog_of_100_000_messages_leaves_in_order_and_in_flat_memory(
    engine: AsyncEngine, database_url: str, vhost_url: str
) -> None:
    """A relay that comes back after an outage needs the memory of one batch, however many wait."""
    await declare_at(vhost_url, TOPOLOGY)
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        running("messaging_support.lone_relay", database_url, vhost_url) as relay,
        await aiormq.connect(vhost_url) as connection,
    ):
        arrivals = Arrivals(psutil.Process(relay.pid))
        # Below aio-pika, because a hundred thousand objects of it take longer than all the rest.
        channel = await connection.channel()
        await channel.basic_consume("test.numbers", arrivals.keep, no_ack=True)
        async with engine.begin() as transaction:
            await append(transaction, [counted(0, subject="first")])
        await arrivals.until(1)
        before = arrivals.highest

        await _fill(engine)
        await arrivals.until(1 + ROWS)
    del arrivals.numbers["first"]
    assert len(arrivals.numbers) == SUBJECTS
    for numbers in arrivals.numbers.values():
        assert numbers == sorted(numbers)
        assert len(numbers) == ROWS // SUBJECTS
    assert arrivals.highest - before < GROWTH_BYTES


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
