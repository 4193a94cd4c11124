"""Status, lists and history as people read them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from crivo_postgres.pool import Pool
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.application.job_views import JobFilter, JobView
from workflow_queue.application.name_organization import NameOrganization
from workflow_queue.application.ports import JobNotFound
from workflow_queue.domain.job_events import Step
from workflow_queue.domain.pull_request import JobId, OrganizationId
from workflow_queue.infrastructure import job_status, postgres
from workflow_queue.infrastructure.postgres_views import PostgresJobViews
from workflow_queue.infrastructure.tables import job_status_view
from workflow_queue_support.builders import (
    NOON,
    ORGANIZATION,
    PERMANENT,
    POLICY,
    REPOSITORY,
    Service,
    a_pull_request,
    a_ref,
    a_service,
)


@pytest.fixture
def views(engine: AsyncEngine) -> PostgresJobViews:
    return PostgresJobViews(engine)


@pytest.fixture
def service(pool: Pool, views: PostgresJobViews) -> Service:
    return a_service(lambda: postgres.begin(pool, lambda _: None), views.due, views)


async def newest(views: PostgresJobViews) -> JobView:
    return (await views.jobs(ORGANIZATION, JobFilter(), before=None, limit=1))[0]


async def numbers(
    views: PostgresJobViews, wanted: JobFilter, *, before: JobId | None = None, limit: int = 50
) -> list[int]:
    jobs = await views.jobs(ORGANIZATION, wanted, before=before, limit=limit)
    return [job.pull_request_number for job in jobs]


async def test_a_job_is_shown_with_its_names_and_deadline(
    views: PostgresJobViews, service: Service
) -> None:
    await service.app.name_organization(
        NameOrganization(message_id=uuid4(), organization_id=ORGANIZATION, name="Acme")
    )
    await service.enqueue()
    view = await newest(views)
    assert (view.organization_name, view.repository_full_name) == ("Acme", "acme/shop")
    assert (view.state, view.step, view.attempt) == ("running", "analyze", 1)
    assert view.deadline_at == NOON + POLICY.analyze_deadline
    assert view.next_attempt_at is None


async def test_a_job_that_waits_says_why_and_until_when(
    views: PostgresJobViews, service: Service
) -> None:
    await service.enqueue()
    job_id = JobId((await newest(views)).id)
    await service.tick()
    await service.failed(job_id)
    view = await views.job(ORGANIZATION, job_id)
    assert (view.state, view.reason, view.error_class) == (
        "retry_scheduled",
        "timed out",
        "transient",
    )
    assert view.next_attempt_at == NOON + timedelta(seconds=10)
    assert view.deadline_at is None


async def test_a_job_belongs_to_its_organization(views: PostgresJobViews, service: Service) -> None:
    await service.enqueue()
    job_id, stranger = JobId((await newest(views)).id), OrganizationId(uuid4())
    with pytest.raises(JobNotFound):
        await views.job(stranger, job_id)
    with pytest.raises(JobNotFound):
        await views.history(stranger, job_id)
    assert await views.jobs(stranger, JobFilter(), before=None, limit=9) == []


async def test_lists_are_newest_first_and_go_on_where_they_ended(
    views: PostgresJobViews, service: Service
) -> None:
    for number in (1, 2, 3):
        await service.enqueue(a_pull_request(ref=a_ref(number)))
    assert await numbers(views, JobFilter(), limit=2) == [3, 2]
    jobs = await views.jobs(ORGANIZATION, JobFilter(), before=None, limit=2)
    assert await numbers(views, JobFilter(), before=JobId(jobs[-1].id)) == [1]


async def test_lists_are_filtered(views: PostgresJobViews, service: Service) -> None:
    await service.enqueue(a_pull_request(ref=a_ref(1)), draft=True)
    await service.enqueue(a_pull_request(ref=a_ref(2)))
    assert await numbers(views, JobFilter(state="skipped")) == [1]
    assert await numbers(views, JobFilter(pull_request_number=2)) == [2]
    assert await numbers(views, JobFilter(repository_id=REPOSITORY)) == [2, 1]
    assert await numbers(views, JobFilter(repository_id=uuid4())) == []


async def test_history_shows_every_attempt_with_its_error(
    views: PostgresJobViews, service: Service
) -> None:
    await service.enqueue()
    job_id = JobId((await newest(views)).id)
    await service.tick()
    await service.reviewed(job_id)
    await service.failed(job_id, step=Step.PUBLISH, failure=PERMANENT)

    history = await views.history(ORGANIZATION, job_id)
    assert [(each.sequence, each.event) for each in history] == [
        (1, "job_created"),
        (2, "step_started"),
        (3, "analysis_completed"),
        (4, "step_started"),
        (5, "job_failed"),
    ]
    last = history[-1]
    assert (last.step, last.attempt, last.error_class, last.reason) == (
        "publish",
        1,
        "permanent",
        "no such commit",
    )


async def test_the_status_is_rebuilt_from_the_events_as_it_was(
    engine: AsyncEngine, views: PostgresJobViews, service: Service
) -> None:
    for number, head in ((1, "a" * 40), (2, "a" * 40), (1, "b" * 40)):
        await service.enqueue(a_pull_request(head, ref=a_ref(number)), trigger="updated")
    job_id = JobId((await newest(views)).id)
    await service.tick()
    await service.failed(job_id)

    async def rows() -> list[object]:
        query = select(job_status_view).order_by(job_status_view.c.job_id)
        async with engine.connect() as connection:
            return list((await connection.execute(query)).all())

    before = await rows()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE job_status_view SET state = 'skipped', reason = ''"))
        await connection.execute(text("DELETE FROM job_status_view WHERE pull_request_number = 2"))
    assert await job_status.rebuild(engine) == 3
    assert await rows() == before
