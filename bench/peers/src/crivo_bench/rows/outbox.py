"""From a transaction to the consumer of its message, against publishing without a transaction."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

from crivo_local import databases
from crivo_local.databases import Database
from crivo_local.part import Part
from crivo_messaging.envelope import Envelope
from crivo_messaging.postgres import append, messaging_tables
from crivo_messaging.postgres_outbox import CHANNEL
from crivo_postgres.notifier import open_notifier
from faststream.rabbit import RabbitBroker
from sqlalchemy import MetaData, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from workflow_queue_contracts.events import JobStartedV1

from crivo_bench.outbox_processes import EXCHANGE, RAW_QUEUE
from crivo_bench.peers import running
from crivo_bench.site import Bench
from crivo_bench.table import Line, Target, percentile, ratio

TARGET = Target(bound="≤", value=3)
A_SECOND = 50
NAME = "outbox_bench"
PATIENCE_SECONDS = 30

Send = Callable[[JobStartedV1], Awaitable[object]]


class Unheard(Exception):
    """A message was sent, and its consumer did not get it."""


def measure(bench: Bench) -> list[Line]:
    database = Database(name=NAME, password=NAME)
    server = bench.stack.urls().postgres
    databases.create(server, [database])
    broker = bench.stack.create_vhost(NAME)
    url = database.url(server)
    _create_tables(url)
    environment = {"OUTBOX_RABBITMQ_URL": broker, "OUTBOX_DATABASE_URL": url}
    try:
        with ExitStack() as processes:

            def start(role: str) -> Part:
                command = ("crivo_bench.outbox_processes", role)
                one = running(role, bench.stack.root, *command, environment=environment)
                return processes.enter_context(one)

            ours, raw, _ = start("consume"), start("consume-raw"), start("relay")
            return _compare(bench, url, broker, ours, raw)
    finally:
        bench.stack.delete_vhost(NAME)
        databases.drop(server, [database])


def _compare(bench: Bench, url: str, broker: str, ours: Part, raw: Part) -> list[Line]:
    count = bench.plan.seconds * A_SECOND

    def our_leg() -> Sequence[float]:
        return asyncio.run(_leg(_through_outbox(url), ours, count))

    def raw_leg() -> Sequence[float]:
        return asyncio.run(_leg(_raw(broker), raw, count))

    our_leg(), raw_leg()
    legs = bench.plan.interleaved(our_leg, raw_leg)
    return [_line(*legs, share=share) for share in (0.5, 0.99)]


def _line(
    ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]], *, share: float
) -> Line:
    our, their = ([percentile(leg, share) for leg in side] for side in (ours, theirs))
    return Line(
        what=f"outbox to consumer, {A_SECOND} a second, p{share * 100:.0f}",
        ours=f"{median(our):.1f} ms, with the transaction that stores it",
        against=f"FastStream publishing with confirms {median(their):.1f} ms",
        value=ratio(our, their),
        target=TARGET,
    )


async def _leg(
    sender: AbstractAsyncContextManager[Send], consumer: Part, count: int
) -> Sequence[float]:
    """Milliseconds of each message, sent at a steady pace whatever became of the one before."""
    before = len(_heard(consumer))
    async with sender as send:
        sending = []
        begun = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / A_SECOND - time.perf_counter()))
            sending.append(asyncio.ensure_future(send(_event())))
        await asyncio.gather(*sending)
        return await _await_heard(consumer, before, count)


async def _await_heard(consumer: Part, before: int, count: int) -> Sequence[float]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(heard := _heard(consumer)[before:]) < count:
        if time.monotonic() > deadline:
            raise Unheard(f"{consumer.name}: {len(heard)} of {count}")
        await asyncio.sleep(0.1)
    return heard


def _heard(consumer: Part) -> list[float]:
    lines = consumer.log.read_text().splitlines() if consumer.log.exists() else []
    return [int(line) / 1000 for line in lines if line.isdigit()]


@asynccontextmanager
async def _through_outbox(url: str) -> AsyncIterator[Send]:
    engine = create_async_engine(url, pool_size=8)
    async with open_notifier(url) as notifier:

        async def send(event: JobStartedV1) -> None:
            envelope = Envelope.of(
                event, source="bench", exchange=EXCHANGE, subject=str(event.job_id)
            )
            async with engine.begin() as connection:
                await append(connection, [envelope])
            notifier.notify(CHANNEL)

        yield send
    await engine.dispose()


@asynccontextmanager
async def _raw(url: str) -> AsyncIterator[Send]:
    async with RabbitBroker(url, logger=None) as broker:
        await broker.declare_queue(RAW_QUEUE)

        async def send(event: JobStartedV1) -> None:
            await broker.publish(event, queue=RAW_QUEUE, persist=True)

        yield send


def _event() -> JobStartedV1:
    return JobStartedV1(
        organization_id=uuid4(),
        occurred_at=datetime.now(UTC),
        job_id=uuid4(),
        attempt=1,
        repository_id=uuid4(),
        pull_request_number=1,
        head_sha="7" * 40,
    )


def _create_tables(url: str) -> None:
    metadata = MetaData()
    messaging_tables(metadata)
    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
