"""The order of waiting jobs as both stores give it, and as workers get it."""

from datetime import timedelta
from functools import partial
from typing import cast
from uuid import UUID

import pytest
from crivo_observability.context import caused_by
from crivo_observability.traces import configure_traces, span, traceparent
from crivo_postgres.pool import Pool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.application.ports import Begin
from workflow_queue.bootstrap import open_service
from workflow_queue.domain.fair_share import InFlight, Line, Share
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import Priority
from workflow_queue.domain.pull_request import IntegrationId, JobId, OrganizationId
from workflow_queue.infrastructure import postgres
from workflow_queue.infrastructure.waiting_jobs import give_share
from workflow_queue_support.builders import (
    NOON,
    POLICY,
    TRANSIENT,
    Ids,
    a_pull_request,
    a_ref,
)
from workflow_queue_support.callers import settings
from workflow_queue_support.memory import MemoryStore
from workflow_queue_support.overtaking import BIG, SMALL, WINDOW, overtake
from workflow_queue_support.peers import at_work

GITHUB, GITLAB = (IntegrationId(UUID(int=number)) for number in (11, 12))


@pytest.fixture(params=["memory", "postgres"])
def begin(request: pytest.FixtureRequest) -> Begin:
    if request.param == "memory":
        return MemoryStore().begin
    pool = cast("Pool", request.getfixturevalue("pool"))
    return lambda: postgres.begin(pool, lambda _: None)


class Jobs:
    """Waiting jobs, each of a pull request of its own, with ids in the order they are made."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._new_id = Ids()
        self._number = 0

    async def add(
        self,
        organization_id: OrganizationId = BIG,
        *,
        integration_id: IntegrationId | None = GITHUB,
        priority: Priority = Priority.AUTOMATIC,
    ) -> WorkflowJob:
        self._number += 1
        ref = a_ref(self._number, organization_id=organization_id)
        job = WorkflowJob.create(
            job_id=JobId(self._new_id()),
            pull_request=a_pull_request(ref=ref, integration_id=integration_id),
            trigger="opened",
            priority=priority,
            now=NOON,
        )
        async with self._begin() as tx:
            tx.jobs.add(job)
        return job

    async def lines(
        self, *, minutes: int = 0, most: int = 10
    ) -> dict[tuple[OrganizationId, IntegrationId | None], Line]:
        async with self._begin() as tx:
            waiting = await tx.waiting(now=NOON + timedelta(minutes=minutes), most=most)
        return {(line.organization_id, line.integration_id): line for line in waiting.lines}


@pytest.fixture
def jobs(begin: Begin) -> Jobs:
    return Jobs(begin)


async def test_each_organization_has_a_line_for_each_code_host(jobs: Jobs) -> None:
    made = [
        await jobs.add(BIG),
        await jobs.add(BIG, integration_id=GITLAB),
        await jobs.add(SMALL),
        await jobs.add(SMALL, integration_id=None),
    ]
    lines = await jobs.lines()
    assert {key: [each.id for each in line.waiting] for key, line in lines.items()} == {
        (BIG, GITHUB): [made[0].id],
        (BIG, GITLAB): [made[1].id],
        (SMALL, GITHUB): [made[2].id],
        (SMALL, None): [made[3].id],
    }


async def test_within_a_line_commands_go_first_and_then_the_oldest(jobs: Jobs) -> None:
    first, second = await jobs.add(), await jobs.add()
    commanded = await jobs.add(priority=Priority.COMMAND)
    (line,) = (await jobs.lines(most=2)).values()
    assert [each.id for each in line.waiting] == [commanded.id, first.id]
    (line,) = (await jobs.lines()).values()
    assert [each.id for each in line.waiting] == [commanded.id, first.id, second.id]


async def test_a_job_is_started_in_the_trace_that_it_was_made_in(
    engine: AsyncEngine, pool: Pool
) -> None:
    configure_traces("workflow-queue")
    begin = partial(postgres.begin, pool, lambda _: None)
    with caused_by(correlation_id="a webhook"), span("a webhook"):
        made = traceparent()
        job = await Jobs(begin).add()
    async with begin() as tx:
        (await tx.jobs.get(job.id)).start(now=NOON, policy=POLICY)
    query = text("SELECT attributes->>'correlationid', attributes->>'traceparent' FROM outbox")
    async with engine.connect() as connection:
        told = {tuple(row) for row in await connection.execute(query)}
    assert told == {("a webhook", made)}


async def test_what_was_started_is_in_flight_and_waits_no_more(jobs: Jobs, begin: Begin) -> None:
    job, other = await jobs.add(), await jobs.add()
    async with begin() as tx:
        (await tx.jobs.get(job.id)).start(now=NOON, policy=POLICY)
    (line,) = (await jobs.lines()).values()
    assert (line.in_flight, [each.id for each in line.waiting]) == (1, [other.id])
    async with begin() as tx:
        (await tx.jobs.get(job.id)).cancel(reason="closed", now=NOON)
    (line,) = (await jobs.lines()).values()
    assert line.in_flight == 0


async def test_a_retry_waits_in_line_once_it_is_due_and_is_not_in_flight(
    jobs: Jobs, begin: Begin
) -> None:
    job = await jobs.add()
    async with begin() as tx:
        read = await tx.jobs.get(job.id)
        read.start(now=NOON, policy=POLICY)
        read.fail_step(
            step=read.step, attempt=1, failure=TRANSIENT, jitter=1.0, now=NOON, policy=POLICY
        )
    early = [line for line in (await jobs.lines()).values() if line.waiting or line.in_flight]
    assert early == []
    (line,) = (await jobs.lines(minutes=1)).values()
    assert (line.in_flight, [each.id for each in line.waiting]) == (0, [job.id])


async def test_what_an_organization_was_given_wins_over_the_settings(
    engine: AsyncEngine, pool: Pool
) -> None:
    begin = partial(postgres.begin, pool, lambda _: None)
    await Jobs(begin).add()
    for share in (Share(concurrency=9), Share(concurrency=3, weight=2.0), None):
        async with engine.begin() as connection:
            await give_share(connection, BIG, share)
        async with begin() as tx:
            waiting = await tx.waiting(now=NOON, most=1)
        assert waiting.shares == ({BIG: share} if share else {})


async def test_a_new_job_sees_what_runs_beside_it(jobs: Jobs, begin: Begin) -> None:
    running = [
        await jobs.add(BIG),
        await jobs.add(BIG),
        await jobs.add(BIG, integration_id=GITLAB),
        await jobs.add(BIG, integration_id=None),
        await jobs.add(SMALL),
    ]
    async with begin() as tx:
        for job in await tx.jobs.get_many([job.id for job in running]):
            job.start(now=NOON, policy=POLICY)
    for job, of_it in ((running[0], (4, 2)), (running[3], (4, 1)), (running[4], (1, 1))):
        async with begin() as tx:
            assert await tx.in_flight_if_free(job, now=NOON) == InFlight(
                in_all=5, organization=of_it[0], integration=of_it[1], concurrency=None
            )


async def test_a_new_job_sees_what_its_organization_was_given(
    engine: AsyncEngine, pool: Pool
) -> None:
    begin = partial(postgres.begin, pool, lambda _: None)
    job = await Jobs(begin).add()
    async with begin() as tx:
        (await tx.jobs.get(job.id)).start(now=NOON, policy=POLICY)
    for share in (Share(concurrency=9), None):
        async with engine.begin() as connection:
            await give_share(connection, BIG, share)
        async with begin() as tx:
            in_flight = await tx.in_flight_if_free(job, now=NOON)
        assert in_flight is not None
        assert in_flight.concurrency == (share.concurrency if share else None)


async def test_a_single_job_overtakes_the_rest_of_a_long_line_on_its_way_to_workers(
    database_url: str, vhost_url: str
) -> None:
    narrow = settings(database_url, vhost_url).model_copy(update={"window": WINDOW})
    async with open_service(narrow) as service, at_work(service) as peers:
        seen = await overtake(peers, before=WINDOW + 20, window=WINDOW)
    assert (seen.running, seen.ended, seen.overtook) == (WINDOW, 1, 0)
