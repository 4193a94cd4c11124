"""Workers that die or hang, on a real broker and database, with a lease of some seconds."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from crivo_messaging.envelope import Envelope
from crivo_messaging.heartbeat import heartbeat
from crivo_messaging.publisher import Publisher
from sqlalchemy import select
from workflow_queue.application.job_views import HistoryEntry
from workflow_queue.bootstrap import Service, open_service
from workflow_queue.domain.pull_request import JobId
from workflow_queue.infrastructure.tables import leases, messaging
from workflow_queue.presentation.topology import TOPOLOGY
from workflow_queue_support.builders import ORGANIZATION
from workflow_queue_support.callers import settings
from workflow_queue_support.peers import Peers, at_work, heartbeat_message

# Thirty signs of life, so that a busy machine that misses some loses no job.
LEASE_SECONDS = 6.0


@pytest.fixture
async def service(database_url: str, vhost_url: str) -> AsyncIterator[Service]:
    impatient = settings(database_url, vhost_url).model_copy(
        update={"lease_seconds": LEASE_SECONDS}
    )
    async with open_service(impatient) as service:
        yield service


@pytest.fixture
async def worker(vhost_url: str) -> AsyncIterator[Publisher]:
    """The connection over which a worker says that it is alive."""
    publisher = Publisher(vhost_url, TOPOLOGY)
    yield publisher
    await publisher.close()


async def history(service: Service, job_id: JobId) -> list[HistoryEntry]:
    return list(await service.app.job_views.history(ORGANIZATION, job_id))


async def handled(service: Service, envelope: Envelope) -> None:
    """Return once the message has had its effect, or been refused."""
    mark = select(messaging.inbox.c.message_id).where(messaging.inbox.c.message_id == envelope.id)
    async with service.engine.connect() as connection:
        while await connection.scalar(mark) is None:
            await connection.rollback()


async def lease_is_there(service: Service, job_id: JobId) -> None:
    until = select(leases.c.until).where(leases.c.job_id == job_id)
    async with service.engine.connect() as connection:
        while await connection.scalar(until) is None:
            await connection.rollback()


async def lost_and_taken_again(
    service: Service, peers: Peers, worker: Publisher
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the first worker was asked for, until it died, and what the next one is asked for."""
    await peers.opened()
    first = await peers.next("analyze_pull_request")
    async with heartbeat(worker, partial(heartbeat_message, first), seconds=0.2):
        await lease_is_there(service, JobId(UUID(first["job_id"])))
    return first, await peers.next("analyze_pull_request")


async def test_the_job_of_a_worker_that_died_goes_back_when_its_lease_has_run_out(
    service: Service, worker: Publisher
) -> None:
    async with at_work(service) as peers:
        first, second = await lost_and_taken_again(service, peers, worker)
    assert (first["attempt"], second["attempt"]) == (1, 2)
    entries = await history(service, JobId(UUID(second["job_id"])))
    began, lost = (
        next(each.at for each in entries if each.event == event)
        for event in ("step_started", "lease_lost")
    )
    assert (lost - began).total_seconds() >= LEASE_SECONDS


async def test_the_result_of_a_worker_that_hung_and_comes_late_is_refused(
    service: Service, worker: Publisher
) -> None:
    async with at_work(service) as peers:
        first, second = await lost_and_taken_again(service, peers, worker)
        async with heartbeat(worker, partial(heartbeat_message, second), seconds=0.2):
            await handled(service, await peers.reviewed(first))
            await peers.reviewed(second)
            publish = await peers.next("publish_review")
        await peers.published(publish)
        completed = await peers.next("job_completed")
    entries = await history(service, JobId(UUID(completed["job_id"])))
    results = [each.attempt for each in entries if each.event == "analysis_completed"]
    assert results == [2], "of two results, the one of the attempt that runs"


async def test_a_worker_that_gives_signs_of_life_keeps_its_job_beyond_a_lease(
    service: Service, worker: Publisher
) -> None:
    async with at_work(service) as peers:
        await peers.opened()
        analyze = await peers.next("analyze_pull_request")
        job_id = JobId(UUID(analyze["job_id"]))
        began = service.app.now()
        async with heartbeat(worker, partial(heartbeat_message, analyze), seconds=0.2):
            while (service.app.now() - began).total_seconds() < 1.5 * LEASE_SECONDS:
                await lease_is_there(service, job_id)
            await peers.reviewed(analyze)
            publish = await peers.next("publish_review")
    assert publish["attempt"] == 1
    assert "lease_lost" not in {each.event for each in await history(service, job_id)}
