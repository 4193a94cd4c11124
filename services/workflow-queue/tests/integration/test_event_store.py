"""The projection is rebuilt while jobs are written, and old events move without being missed."""

import asyncio
from datetime import datetime, timedelta

import pytest
from crivo_postgres.pool import Pool
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.application.retry_job import RetryJob
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import IdempotencyKey, JobId
from workflow_queue.infrastructure import job_status, postgres
from workflow_queue.infrastructure.archive import archive_batch
from workflow_queue.infrastructure.postgres_views import PostgresJobViews
from workflow_queue.infrastructure.tables import archived_events, events, job_status_view
from workflow_queue_support.builders import (
    NOON,
    ORGANIZATION,
    PERMANENT,
    Service,
    a_pull_request,
    a_ref,
    a_service,
)

LATER = NOON + timedelta(days=1)


@pytest.fixture
def service(engine: AsyncEngine, pool: Pool) -> Service:
    views = PostgresJobViews(engine)
    return a_service(lambda: postgres.begin(pool, lambda _: None), views.due, views)


async def rows(engine: AsyncEngine) -> list[tuple[object, ...]]:
    query = select(job_status_view).order_by(job_status_view.c.job_id)
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]


async def run(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement))


async def stored(engine: AsyncEngine) -> tuple[int, int]:
    """How many events there are, and how many in the archive."""
    async with engine.connect() as connection:
        return tuple(  # type: ignore[return-value]
            [
                await connection.scalar(select(func.count()).select_from(table))
                for table in (events, archived_events)
            ]
        )


async def enqueued(service: Service, engine: AsyncEngine, number: int) -> JobId:
    await service.enqueue(a_pull_request(ref=a_ref(number)))
    of_it = select(job_status_view.c.job_id).where(job_status_view.c.pull_request_number == number)
    async with engine.connect() as connection:
        return JobId((await connection.scalars(of_it)).one())


async def failed(service: Service, engine: AsyncEngine, number: int = 1) -> JobId:
    job_id = await enqueued(service, engine, number)
    await service.tick()
    await service.failed(job_id, failure=PERMANENT)
    return job_id


async def archived(engine: AsyncEngine, *, before: datetime = LATER, limit: int = 1000) -> int:
    moved = 0
    while batch := await archive_batch(engine, before=before, limit=limit):
        moved += batch
    return moved


async def test_the_status_is_rebuilt_while_jobs_are_written(
    engine: AsyncEngine, service: Service
) -> None:
    jobs = [await enqueued(service, engine, number) for number in range(1, 13)]
    await run(engine, "UPDATE job_status_view SET pull_request_title = 'wrong', version = 0")
    rebuilt, written = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        for job_id in jobs:
            await service.reviewed(job_id)
        await rebuilt.wait()
        for job_id in jobs:
            await service.published(job_id)
        await enqueued(service, engine, 99)
        written.set()

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        while not written.is_set():
            await job_status.rebuild(engine)
            rebuilt.set()

    seen = await rows(engine)
    assert {row[job_status_view.c.keys().index("pull_request_title")] for row in seen} == {
        a_pull_request().title
    }
    await job_status.rebuild(engine)
    assert await rows(engine) == seen
    states = select(job_status_view.c.state, func.count().label("jobs")).group_by(
        job_status_view.c.state
    )
    async with engine.connect() as connection:
        counted = {row.state: row.jobs for row in await connection.execute(states)}
    assert counted == {State.COMPLETED: len(jobs), State.RUNNING: 1}


async def test_a_row_that_was_written_since_is_not_taken_back(
    engine: AsyncEngine, service: Service
) -> None:
    job_id = await enqueued(service, engine, 1)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        async with engine.begin() as connection:
            # The writer of version 3 holds the row; the rebuild has read version 2.
            await connection.execute(text("UPDATE job_status_view SET version = 3, attempt = 1"))
            rebuild = tasks.create_task(job_status.rebuild(engine))
            await blocked(engine)
        await rebuild
    view = await service.app.job_views.job(ORGANIZATION, job_id)
    assert view.attempt == 1


async def blocked(engine: AsyncEngine) -> None:
    """Return once somebody waits for a lock in this database."""
    waits = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with engine.connect() as connection:
        while not await connection.scalar(waits):
            await connection.rollback()


async def test_rows_of_unknown_streams_go_and_stand_in_nobodys_way(
    engine: AsyncEngine, service: Service
) -> None:
    await enqueued(service, engine, 1)
    before = await rows(engine)
    await run(engine, "UPDATE job_status_view SET job_id = gen_random_uuid()")
    assert await job_status.rebuild(engine) == 1
    assert await rows(engine) == before


async def test_only_jobs_that_ended_before_are_archived(
    engine: AsyncEngine, service: Service
) -> None:
    await failed(service, engine)
    await enqueued(service, engine, 2)
    total, _ = await stored(engine)
    assert await archived(engine, before=NOON) == 0
    assert await archived(engine) == total - 2
    assert await stored(engine) == (2, total - 2)


async def test_archiving_goes_on_where_it_was_stopped(
    engine: AsyncEngine, service: Service
) -> None:
    job_id = await failed(service, engine)
    whole = await service.app.job_views.history(ORGANIZATION, job_id)
    before = await rows(engine)
    while await archive_batch(engine, before=LATER, limit=1):
        assert await service.app.job_views.history(ORGANIZATION, job_id) == whole
        assert await job_status.rebuild(engine) == 1
        assert await rows(engine) == before
    assert await stored(engine) == (0, len(whole))


@pytest.mark.parametrize("limit", [2, 1000], ids=["half", "whole"])
async def test_an_archived_job_is_retried_and_archived_again(
    engine: AsyncEngine, service: Service, limit: int
) -> None:
    job_id = await failed(service, engine)
    await archive_batch(engine, before=LATER, limit=limit)
    await service.app.retry_job(
        RetryJob(organization_id=ORGANIZATION, job_id=job_id, requested_by="ana")
    )
    await service.tick()
    await service.failed(job_id, attempt=2, failure=PERMANENT)
    before = await rows(engine)
    await archived(engine)
    assert (await stored(engine))[0] == 0
    history = await service.app.job_views.history(ORGANIZATION, job_id)
    assert [entry.sequence for entry in history] == list(range(1, 7))
    assert await job_status.rebuild(engine) == 1
    assert await rows(engine) == before


async def test_a_job_is_known_by_its_key_when_it_is_archived(
    engine: AsyncEngine, pool: Pool, service: Service
) -> None:
    job_id = await failed(service, engine)
    await archived(engine)
    of = a_pull_request(ref=a_ref(1))
    key = IdempotencyKey(ref=of.ref, head_sha=of.head_sha, trigger="opened")
    async with postgres.begin(pool, lambda _: None) as tx:
        held = await tx.hold(of.ref, key=key)
    assert held.known is not None
    assert (held.known.id, held.known.state) == (job_id, State.FAILED)
