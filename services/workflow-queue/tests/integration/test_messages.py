"""Which messages leave with a change, and with what in them."""

import json
from uuid import UUID

import pytest
from code_review_contracts.commands import AnalyzePullRequestV1
from crivo_postgres.pool import Pool
from platform_integration_contracts.commands import PublishReviewV1
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.application.job_views import JobFilter
from workflow_queue.domain.job_events import Step
from workflow_queue.domain.pull_request import JobId
from workflow_queue.infrastructure import postgres
from workflow_queue.infrastructure.postgres_views import PostgresJobViews
from workflow_queue.infrastructure.tables import job_status_view, messaging, step_payloads
from workflow_queue_contracts.events import JobCompletedV1
from workflow_queue_support.builders import (
    ORGANIZATION,
    PERMANENT,
    POLICY,
    REPOSITORY,
    Service,
    a_pull_request,
    a_service,
)


class Notified:
    def __init__(self) -> None:
        self.channels: list[str] = []

    def __call__(self, channel: str) -> None:
        self.channels.append(channel)


@pytest.fixture
def notified() -> Notified:
    return Notified()


@pytest.fixture
def service(engine: AsyncEngine, pool: Pool, notified: Notified) -> Service:
    views = PostgresJobViews(engine)
    return a_service(lambda: postgres.begin(pool, notified), views.due, views)


async def sent(engine: AsyncEngine) -> list[tuple[str, str]]:
    outbox = messaging.outbox.c
    async with engine.connect() as connection:
        rows = await connection.execute(
            select(outbox.type, outbox.exchange).order_by(outbox.position)
        )
        return [(type_, exchange) for type_, exchange in rows]


async def body(engine: AsyncEngine, type_: str) -> str:
    outbox = messaging.outbox.c
    async with engine.connect() as connection:
        found = await connection.scalars(
            select(outbox.body).where(outbox.type == type_).order_by(outbox.position.desc())
        )
        return json.dumps(found.first())


async def only_job(engine: AsyncEngine) -> JobId:
    async with engine.connect() as connection:
        return JobId((await connection.scalars(select(job_status_view.c.job_id))).one())


async def payloads(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return len((await connection.execute(select(step_payloads))).all())


async def test_a_job_tells_its_whole_life(engine: AsyncEngine, service: Service) -> None:
    await service.enqueue()
    job_id = await only_job(engine)
    await service.tick()
    await service.reviewed(job_id)
    await service.published(job_id)

    assert await sent(engine) == [
        ("workflow_queue.job_created.v1", "workflow.exchange"),
        ("workflow_queue.job_started.v1", "workflow.exchange"),
        ("code_review.analyze_pull_request.v1", "code_review.commands"),
        ("platform_integration.publish_review.v1", "platform_integration.commands"),
        ("workflow_queue.job_completed.v1", "workflow.exchange"),
    ]
    analyze = AnalyzePullRequestV1.model_validate_json(
        await body(engine, "code_review.analyze_pull_request.v1")
    )
    assert (analyze.job_id, analyze.attempt, analyze.change_set_id) == (
        job_id,
        1,
        a_pull_request().change_set_id,
    )
    assert (analyze.title, analyze.description) == (
        a_pull_request().title,
        a_pull_request().description,
    )
    publish = PublishReviewV1.model_validate_json(
        await body(engine, "platform_integration.publish_review.v1")
    )
    assert (publish.job_id, publish.repository_id, publish.summary) == (job_id, REPOSITORY, "ok")
    assert publish.review_id == UUID("019a0000-0000-7000-8000-0000000000aa")
    completed = JobCompletedV1.model_validate_json(
        await body(engine, "workflow_queue.job_completed.v1")
    )
    assert (completed.organization_id, completed.comments_published) == (ORGANIZATION, 2)


async def test_the_relay_and_the_dispatcher_are_woken_when_they_have_work(
    engine: AsyncEngine, service: Service, notified: Notified
) -> None:
    await service.enqueue()
    job_id = await only_job(engine)
    assert notified.channels == ["outbox"]
    await service.enqueue()
    assert len(notified.channels) == 1, "a repeated request makes no work"
    await service.failed(job_id)
    assert sorted(notified.channels[1:]) == ["dispatcher", "outbox"]
    service.clock.pass_(POLICY.backoff)
    await service.app.dispatch_waiting()
    assert notified.channels[3:] == ["outbox"]


async def test_the_review_to_publish_is_kept_for_a_retry_and_no_longer(
    engine: AsyncEngine, service: Service
) -> None:
    await service.enqueue()
    job_id = await only_job(engine)
    await service.tick()
    await service.reviewed(job_id)
    await service.failed(job_id, step=Step.PUBLISH)
    service.clock.pass_(POLICY.backoff)
    await service.tick()
    await service.tick()

    publish = PublishReviewV1.model_validate_json(
        await body(engine, "platform_integration.publish_review.v1")
    )
    assert (publish.attempt, publish.summary) == (2, "ok")
    assert await payloads(engine) == 1
    await service.published(job_id, attempt=2)
    assert await payloads(engine) == 0


async def test_failures_and_stops_are_told(engine: AsyncEngine, service: Service) -> None:
    await service.enqueue(draft=True)
    await service.enqueue(a_pull_request("b" * 40), trigger="updated")
    jobs = await PostgresJobViews(engine).jobs(
        ORGANIZATION, JobFilter(state="running"), before=None, limit=1
    )
    job_id = JobId(jobs[0].id)
    await service.tick()
    await service.failed(job_id)
    service.clock.pass_(POLICY.backoff)
    await service.tick()
    await service.tick()
    await service.failed(job_id, attempt=2, failure=PERMANENT)

    types = [type_.split(".")[1] for type_, _ in await sent(engine)]
    assert types == [
        "job_created",
        "job_skipped",
        "job_created",
        "job_started",
        "analyze_pull_request",
        "job_retry_scheduled",
        "job_started",
        "analyze_pull_request",
        "job_failed",
    ]
