"""A consumer whose effect is a row, stored together with its inbox mark."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from crivo_messaging.consumer import (
    FailurePolicy,
    create_broker,
    message_id,
    queue,
    run_consumers,
)
from crivo_messaging.postgres import first_time
from faststream.rabbit import RabbitMessage
from messaging_support.messages import TOPOLOGY, CountedV1
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


class Ledger:
    """What was done, and how often it was asked for."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._changed = asyncio.Condition()
        self.deliveries = 0

    async def create(self) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(
                text(
                    "CREATE TABLE ledger"
                    " (position bigint GENERATED ALWAYS AS IDENTITY, subject text, number int)"
                )
            )

    async def record(self, message: UUID, subject: str, number: int) -> None:
        async with self._engine.begin() as connection:
            if await first_time(connection, consumer="ledger", message_id=message):
                await connection.execute(
                    text("INSERT INTO ledger (subject, number) VALUES (:subject, :number)"),
                    {"subject": subject, "number": number},
                )
        async with self._changed:
            self.deliveries += 1
            self._changed.notify_all()

    async def numbers(self, subject: str = "a") -> list[int]:
        """In the order in which they took effect."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                text("SELECT number FROM ledger WHERE subject = :subject ORDER BY position"),
                {"subject": subject},
            )
            return list(rows.scalars())

    async def effects(self) -> int:
        """Asked of the database: a handler may be cut off between its commit and its counting."""
        async with self._engine.connect() as connection:
            return int((await connection.execute(text("SELECT count(*) FROM ledger"))).scalar_one())

    async def until(self, effects: int) -> None:
        """Return once so many messages took effect."""
        async with self._changed:
            while await self.effects() < effects:
                await self._changed.wait()

    async def until_delivered(self, deliveries: int) -> None:
        """Return once so many were handled, those that changed nothing included."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.deliveries >= deliveries)


@asynccontextmanager
async def keeping(ledger: Ledger, url: str, *, prefetch: int = 1) -> AsyncIterator[None]:
    """Consume into the ledger inside the block; one by one, so that effects keep the order."""
    policy = FailurePolicy("test", conflicts=())
    broker = create_broker(url, policy=policy, prefetch=prefetch, graceful_seconds=5)

    @broker.subscriber(queue("test.numbers"))
    async def on_counted(event: CountedV1, message: RabbitMessage) -> None:
        subject = str(message.headers["cloudEvents:subject"])
        await ledger.record(message_id(message), subject, event.number)

    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_consumers(broker, policy, TOPOLOGY, stop, url=url))
        yield
        stop.set()
