"""The metrics view is kept with the events, and made from them again."""

from datetime import timedelta
from uuid import uuid5

import pytest
from crivo_postgres.pool import Pool
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.domain.pull_request import OrganizationId
from workflow_queue.infrastructure import job_metrics, postgres
from workflow_queue.infrastructure.archive import archive_batch
from workflow_queue.infrastructure.postgres_views import PostgresJobViews
from workflow_queue.infrastructure.tables import job_endings
from workflow_queue_support.builders import (
    NOON,
    ORGANIZATION,
    PERMANENT,
    Service,
    a_pull_request,
    a_ref,
    a_service,
)
from workflow_queue_support.jobs import the_job_of


@pytest.fixture
def views(engine: AsyncEngine) -> PostgresJobViews:
    return PostgresJobViews(engine)


@pytest.fixture
def service(pool: Pool, views: PostgresJobViews) -> Service:
    return a_service(lambda: postgres.begin(pool, lambda _: None), views.due, views)


async def some_jobs(service: Service, views: PostgresJobViews) -> None:
    """Two completed after 4 and 90 s, one failed, one waits for its retry, one waits."""
    for number, seconds in ((1, 4), (2, 90)):
        await service.enqueue(a_pull_request(ref=a_ref(number), at=service.clock()))
        job_id = await the_job_of(views, number)
        await service.tick()
        service.clock.pass_(timedelta(seconds=seconds))
        await service.reviewed(job_id)
        await service.published(job_id)
    for number in (3, 4, 5):
        await service.enqueue(a_pull_request(ref=a_ref(number), at=service.clock()))
    failed, retried = await the_job_of(views, 3), await the_job_of(views, 4)
    await service.tick()
    await service.failed(failed, failure=PERMANENT)
    await service.tick()
    await service.failed(retried)


async def test_an_organization_sees_its_throughput_its_percentiles_and_its_queue(
    service: Service, views: PostgresJobViews
) -> None:
    await some_jobs(service, views)
    seen = await views.metrics(ORGANIZATION, since=NOON)
    assert seen.ended == {"completed": 2, "failed": 1}
    assert (seen.waiting, seen.in_flight) == (1, 1)
    assert seen.seconds_to_completion is not None
    assert seen.seconds_to_completion.p50 == pytest.approx(4, rel=0.1)
    assert seen.seconds_to_completion.p99 == pytest.approx(90, rel=0.1)
    assert [(each.hour, each.ended) for each in seen.hours] == [(NOON, seen.ended)]


async def test_another_organization_sees_none_of_it(
    service: Service, views: PostgresJobViews
) -> None:
    await some_jobs(service, views)
    stranger = OrganizationId(a_ref().repository_id)
    seen = await views.metrics(stranger, since=NOON)
    assert (seen.waiting, seen.in_flight, seen.ended, seen.hours) == (0, 0, {}, [])


async def lay_frozen(engine: AsyncEngine, rows: int) -> None:
    """Fill the table in pages that are visible to all at once, whoever else is on the server.

    A VACUUM marks no page that another session may not see yet, one that is connecting included.
    """
    others = [uuid5(ORGANIZATION, str(number)) for number in range(1, 10)]
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE job_endings"))
        raw = await connection.get_raw_connection()
        copying = "COPY job_endings FROM STDIN (FREEZE)"
        async with raw.driver_connection.cursor().copy(copying) as copy:  # type: ignore[union-attr]
            for n in range(rows):
                owner = others[n % 10 - 1] if n % 10 else ORGANIZATION
                hour = NOON + timedelta(hours=n // 100)
                await copy.write_row((owner, hour, "completed", n // 10 % 10, 1))
        await connection.execute(text("ANALYZE job_endings"))


async def test_a_long_time_is_counted_from_the_index_alone(engine: AsyncEngine) -> None:
    """The rows of one organization lie between those of all others."""
    await lay_frozen(engine, rows=50_000)
    fetched = "pg_stat_get_xact_tuples_fetched('job_endings'::regclass)"
    scanned = "pg_stat_get_xact_tuples_returned('job_endings'::regclass)"
    async with engine.connect() as connection:
        seen = await job_metrics.metrics(connection, ORGANIZATION, since=NOON)
        rows = await connection.scalar(text(f"SELECT {fetched} + {scanned}"))
    assert (seen.ended, len(seen.hours), rows) == ({"completed": 5000}, 500, 0)


@pytest.mark.parametrize("archived", [0, 5, 1000], ids=["none", "some", "all"])
async def test_made_again_from_the_events_archived_or_not_it_is_the_same(
    engine: AsyncEngine, service: Service, views: PostgresJobViews, archived: int
) -> None:
    await some_jobs(service, views)
    await archive_batch(engine, before=service.clock() + timedelta(days=1), limit=archived)
    everything = select(job_endings).order_by(job_endings.c.state, job_endings.c.bucket)
    async with engine.begin() as connection:
        before = (await connection.execute(everything)).all()
        await connection.execute(job_endings.update().values(jobs=99))
    assert await job_metrics.rebuild(engine) == 1
    async with engine.connect() as connection:
        assert (await connection.execute(everything)).all() == before
