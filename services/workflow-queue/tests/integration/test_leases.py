"""Leases, as both stores keep them; and in PostgreSQL, against what happens at the same time."""

import asyncio
from datetime import datetime, timedelta
from typing import cast
from uuid import uuid4

import pytest
from crivo_postgres.pool import Pool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.application.ports import Begin, DueJobs, Leases
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import Step
from workflow_queue.domain.job_state import State
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import JobId
from workflow_queue.infrastructure import postgres
from workflow_queue.infrastructure.leases import PostgresLeases
from workflow_queue.infrastructure.postgres_views import PostgresJobViews
from workflow_queue_support.builders import NOON, PAYLOAD, POLICY, a_pull_request
from workflow_queue_support.memory import MemoryStore

LATER = NOON + timedelta(seconds=20)
MUCH_LATER = NOON + timedelta(seconds=40)


class Store:
    def __init__(self, begin: Begin, due: DueJobs, leases: Leases) -> None:
        self.begin = begin
        self.due = due
        self.leases = leases


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        memory = MemoryStore()
        return Store(memory.begin, memory.due, memory)
    return in_postgres(
        cast("AsyncEngine", request.getfixturevalue("engine")),
        cast("Pool", request.getfixturevalue("pool")),
    )


def in_postgres(engine: AsyncEngine, pool: Pool) -> Store:
    return Store(
        lambda: postgres.begin(pool, lambda _: None),
        PostgresJobViews(engine).due,
        PostgresLeases(pool),
    )


async def running(store: Store) -> WorkflowJob:
    job = WorkflowJob.create(
        job_id=JobId(uuid4()), pull_request=a_pull_request(), trigger="opened", now=NOON
    )
    job.start(now=NOON, policy=POLICY)
    async with store.begin() as tx:
        tx.jobs.add(job)
    return job


def a_lease(step: Step = Step.ANALYZE, attempt: int = 1, until: datetime = LATER) -> Lease:
    return Lease(step=step, attempt=attempt, until=until)


async def kept(store: Store, job: WorkflowJob) -> Lease | None:
    async with store.begin() as tx:
        return await tx.lease(job.id)


async def test_a_sign_of_life_makes_a_lease_and_the_next_renews_it(store: Store) -> None:
    job = await running(store)
    assert await kept(store, job) is None
    assert await store.leases.renew(job.id, a_lease())
    assert await kept(store, job) == a_lease()
    assert await store.leases.renew(job.id, a_lease(until=MUCH_LATER))
    assert await kept(store, job) == a_lease(until=MUCH_LATER)


@pytest.mark.parametrize(
    "other", [a_lease(attempt=2), a_lease(Step.PUBLISH)], ids=["attempt", "step"]
)
async def test_only_the_current_attempt_has_a_lease(store: Store, other: Lease) -> None:
    job = await running(store)
    await store.leases.renew(job.id, a_lease())
    assert not await store.leases.renew(job.id, other)
    assert not await store.leases.renew(JobId(uuid4()), a_lease())
    assert await kept(store, job) == a_lease()


async def test_a_lease_goes_with_its_step(store: Store) -> None:
    job = await running(store)
    await store.leases.renew(job.id, a_lease())
    async with store.begin() as tx:
        analyzed = await tx.jobs.get(job.id)
        analyzed.complete_analysis(
            attempt=1, outcome="complete", findings=0, now=NOON, policy=POLICY
        )
        tx.keep_payload(job.id, PAYLOAD)
    assert await kept(store, job) is None
    assert not await store.leases.renew(job.id, a_lease())
    assert await store.leases.renew(job.id, a_lease(Step.PUBLISH))


async def test_a_job_is_due_when_its_lease_ran_out(store: Store) -> None:
    job = await running(store)
    await store.leases.renew(job.id, a_lease())
    early = LATER - timedelta(seconds=1)
    assert await store.due(now=early, limit=5) == []
    assert [due.id for due in await store.due(now=LATER, limit=5)] == [job.id]
    assert job.due_at is not None
    assert len(await store.due(now=job.due_at, limit=5)) == 1, "late and lost is due once"


async def test_a_job_that_lost_its_lease_is_read_as_it_was_written(store: Store) -> None:
    job = await running(store)
    await store.leases.renew(job.id, a_lease())
    async with store.begin() as tx:
        lost = await tx.jobs.get(job.id)
        lost.wake(lease=await tx.lease(job.id), jitter=1.0, now=LATER, policy=POLICY)
    async with store.begin() as tx:
        read = await tx.jobs.get(job.id)
    assert (read.state, read.due_at, read.reason) == (State.PENDING, None, lost.reason)
    assert await store.due(now=MUCH_LATER, limit=5) == []


async def test_leases_that_run_out_soon_are_prolonged(store: Store) -> None:
    job = await running(store)
    await store.leases.renew(job.id, a_lease())
    await store.leases.prolong(before=LATER, until=MUCH_LATER)
    assert await kept(store, job) == a_lease()
    await store.leases.prolong(before=LATER + timedelta(seconds=1), until=MUCH_LATER)
    assert await kept(store, job) == a_lease(until=MUCH_LATER)


async def test_a_sign_of_life_waits_for_the_end_of_the_step_and_leaves_nothing(
    engine: AsyncEngine, pool: Pool
) -> None:
    store = in_postgres(engine, pool)
    job = await running(store)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks, engine.begin() as connection:
        await connection.execute(text("UPDATE job_status_view SET state = 'completed'"))
        renewal = tasks.create_task(store.leases.renew(job.id, a_lease()))
        await blocked(engine)
    assert not renewal.result()
    assert await kept(store, job) is None


async def blocked(engine: AsyncEngine) -> None:
    """Return once somebody waits for a lock in this database."""
    waits = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with engine.connect() as connection:
        while not await connection.scalar(waits):
            await connection.rollback()


async def test_prolonging_passes_by_a_lease_that_is_held(engine: AsyncEngine, pool: Pool) -> None:
    store = in_postgres(engine, pool)
    job = await running(store)
    await store.leases.renew(job.id, a_lease())
    async with asyncio.timeout(60), engine.begin() as connection:
        await connection.execute(text("SELECT FROM leases FOR UPDATE"))
        await store.leases.prolong(before=MUCH_LATER, until=MUCH_LATER)
    assert await kept(store, job) == a_lease()
