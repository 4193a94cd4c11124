"""Jobs for workflow-queue: opened pull requests go in, the events of their ends come out."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import aio_pika
import code_review_contracts.events as review_events
import platform_integration_contracts.events as platform_events
import workflow_queue_contracts.events as job_events
from aio_pika.abc import AbstractIncomingMessage
from code_review_contracts.events import ReviewCompletedV1
from crivo_contracts.event import wire_type
from crivo_local.part import Part
from crivo_local.platform import Platform
from crivo_messaging.envelope import Envelope
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import Exchange, Topology
from platform_integration_contracts.events import PullRequest, PullRequestOpenedV1
from workflow_queue_contracts.events import JobCompletedV1

from crivo_bench.peers import running
from crivo_bench.site import Bench, connect, database_url

ORGANIZATIONS = [uuid4() for _ in range(4)]
IN_FLIGHT = 100
PATIENCE_SECONDS = 60
PROCESSES = ("workflow-queue-worker", "workflow-queue-relay")
# As an operator would set it for a worker that is never the one who is waited for.
ROOM = {
    "WORKFLOW_QUEUE_WINDOW": "200",
    "WORKFLOW_QUEUE_ORGANIZATION_CONCURRENCY": "200",
    "WORKFLOW_QUEUE_INTEGRATION_CONCURRENCY": "200",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowQueue:
    """Its processes, the worker that echoes, and where their messages and rows are."""

    parts: list[Part]
    echo: Part
    broker: str
    database: str

    def run_jobs(self, jobs: int) -> float:
        """Seconds from the first pull request that was told of to the last job's end."""
        return asyncio.run(_run_jobs(self.broker, jobs))

    def run_one_by_one(self, jobs: int) -> dict[UUID, datetime]:
        """When the worker had each job's command in its hands."""
        return asyncio.run(_run_one_by_one(self.broker, jobs))

    def stored(self) -> tuple[int, int]:
        """Events of jobs, and messages that are not published yet."""
        with connect(self.database) as connection:
            events, waiting = connection.execute(
                "SELECT (SELECT count(*) FROM events),"
                " (SELECT count(*) FROM outbox WHERE published_at IS NULL)"
            ).fetchall()[0]
        return events, waiting


@contextmanager
def workflow_queue(bench: Bench, name: str) -> Iterator[WorkflowQueue]:
    with bench.site(name, only=PROCESSES, overrides=ROOM) as platform:
        broker = broker_url(platform)
        with running(
            "echo", platform.root, "crivo_bench.echo", environment={"ECHO_RABBITMQ_URL": broker}
        ) as echo:
            found = WorkflowQueue(
                parts=[platform.parts[each] for each in PROCESSES],
                echo=echo,
                broker=broker,
                database=database_url(platform, "workflow-queue"),
            )
            found.run_jobs(1)
            yield found


def broker_url(platform: Platform) -> str:
    return platform.parts["workflow-queue-worker"].environment["WORKFLOW_QUEUE_RABBITMQ_URL"]


async def _run_jobs(url: str, jobs: int) -> float:
    publisher = Publisher(url, Topology([Exchange(platform_events.EXCHANGE)]))
    room = asyncio.Semaphore(IN_FLIGHT)

    async def tell(number: int) -> None:
        async with room:
            await publisher.publish(_opened(number))

    try:
        async with _ends(url, jobs) as ended:
            begun = time.perf_counter()
            await asyncio.gather(*(tell(number) for number in range(1, jobs + 1)))
            await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)
            return time.perf_counter() - begun
    finally:
        await publisher.close()


async def _run_one_by_one(url: str, jobs: int) -> dict[UUID, datetime]:
    taken: dict[UUID, datetime] = {}

    async def note(message: AbstractIncomingMessage) -> None:
        completed = ReviewCompletedV1.model_validate_json(message.body)
        taken[completed.job_id] = completed.occurred_at

    async with _ear(url, review_events.EXCHANGE, wire_type(ReviewCompletedV1), note):
        for _ in range(jobs):
            await _run_jobs(url, 1)
    return taken


@asynccontextmanager
async def _ends(url: str, jobs: int) -> AsyncIterator[asyncio.Event]:
    """Set once as many jobs completed: their last event was published, so it was stored."""
    all_ended = asyncio.Event()
    completed: set[UUID] = set()

    async def note(message: AbstractIncomingMessage) -> None:
        completed.add(JobCompletedV1.model_validate_json(message.body).job_id)
        if len(completed) == jobs:
            all_ended.set()

    async with _ear(url, job_events.EXCHANGE, wire_type(JobCompletedV1), note):
        yield all_ended


@asynccontextmanager
async def _ear(
    url: str, exchange: str, kind: str, note: Callable[[AbstractIncomingMessage], Awaitable[None]]
) -> AsyncIterator[None]:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(await channel.declare_exchange(exchange, "topic", durable=True), kind)
        await queue.consume(note, no_ack=True)
        yield


def _opened(number: int) -> Envelope:
    organization_id = ORGANIZATIONS[number % len(ORGANIZATIONS)]
    repository_id = uuid4()
    now = datetime.now(UTC)
    event = PullRequestOpenedV1(
        organization_id=organization_id,
        occurred_at=now,
        pull_request=PullRequest(
            repository_id=repository_id,
            repository_full_name="team/shop",
            number=number,
            title="Round discounts to the cent",
            author="ada",
            url=f"https://code.example/team/shop/pull/{number}",
            base_ref="main",
            base_sha="7" * 40,
            head_ref="change",
            head_sha=uuid4().hex + "0" * 8,
            updated_at=now,
            integration_id=organization_id,
        ),
        change_set_id=str(uuid4()),
        trigger="opened",
    )
    subject = f"{repository_id}:{number}"
    exchange = platform_events.EXCHANGE
    return Envelope.of(event, source="bench", exchange=exchange, subject=subject)
