"""The other services, played by a test on a real broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import workflow_queue_contracts.events as jobs
from crivo_contracts.event import Message
from crivo_messaging.envelope import Envelope
from crivo_messaging.publisher import Publisher
from gateway.bootstrap import Service
from gateway.presentation.topology import TOPOLOGY
from gateway_support.peers import DEADLINE

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def job_started(organization: UUID, job: UUID, attempt: int = 1) -> Envelope:
    return enclosed(
        jobs.JobStartedV1(
            organization_id=organization,
            occurred_at=NOON,
            job_id=job,
            repository_id=job,
            pull_request_number=7,
            head_sha="a" * 40,
            attempt=attempt,
        )
    )


def enclosed(message: Message) -> Envelope:
    return Envelope.of(message, source="test", exchange=jobs.EXCHANGE, subject="s", sequence=1)


@asynccontextmanager
async def working(*services: Service) -> AsyncIterator[None]:
    """The worker of each."""
    stop = asyncio.Event()
    async with asyncio.timeout(3 * DEADLINE), asyncio.TaskGroup() as tasks:
        for service in services:
            tasks.create_task(service.work(stop))
        yield
        stop.set()


@asynccontextmanager
async def publishing(url: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(url, TOPOLOGY)
    try:
        yield publisher
    finally:
        await publisher.close()
