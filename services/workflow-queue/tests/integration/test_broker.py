"""The service on a real broker and database, with the other services played by the test."""

from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from crivo_contracts.event import Event
from crivo_testkit.inbox import forgotten, handled_long_ago
from organization_contracts.events import EXCHANGE as ORGANIZATION_EVENTS
from organization_contracts.events import OrganizationCreatedV1
from platform_integration_contracts.commands import PublishReviewV1
from sqlalchemy import select, text
from workflow_queue.application.job_views import JobView
from workflow_queue.bootstrap import Service
from workflow_queue.domain.pull_request import JobId
from workflow_queue.infrastructure.tables import messaging
from workflow_queue_contracts.commands import ProcessWorkflowJobV1
from workflow_queue_support.builders import NOON, ORGANIZATION, a_pull_request
from workflow_queue_support.peers import at_work


async def view(service: Service, message: dict[str, Any]) -> JobView:
    return await service.app.job_views.job(ORGANIZATION, JobId(UUID(message["job_id"])))


async def dead_letters(service: Service) -> list[tuple[str, str]]:
    table = messaging.dead_letters.c
    async with service.engine.connect() as connection:
        rows = await connection.execute(select(table.queue, table.type))
        return [(queue, type_) for queue, type_ in rows]


async def test_a_pull_request_is_reviewed_and_published(connected: Service) -> None:
    async with at_work(connected) as peers:
        await peers.say(
            OrganizationCreatedV1(organization_id=ORGANIZATION, occurred_at=NOON, name="Acme"),
            exchange=ORGANIZATION_EVENTS,
        )
        await peers.opened()
        analyze = await peers.next("analyze_pull_request")
        await peers.reviewed(analyze)
        publish = await peers.next("publish_review")
        await peers.published(publish)
        completed = await peers.next("job_completed")

    said = a_pull_request()
    assert (analyze["title"], analyze["description"]) == (said.title, said.description)
    command = PublishReviewV1.model_validate(publish)
    (comment,) = command.comments
    assert (comment.path, comment.replacement) == ("cart.py", "def add(item, to=None):")
    assert command.missing_stages[0].reason == "ast-grep timed out"
    job = await view(connected, completed)
    assert (job.state, job.outcome, job.comments_published) == ("completed", "partial", 1)
    assert job.organization_name == "Acme"
    assert await dead_letters(connected) == []


async def test_what_was_handled_long_ago_is_forgotten_while_the_relay_runs(
    connected: Service, database_url: str
) -> None:
    await handled_long_ago(database_url)
    async with at_work(connected):
        await forgotten(database_url)


async def test_the_same_delivery_twice_makes_one_job(connected: Service) -> None:
    async with at_work(connected) as peers:
        delivery = await peers.opened()
        await peers.repeat(delivery)
        await peers.opened()
        await peers.next("analyze_pull_request")
        await peers.closed()
        await peers.next("job_cancelled")
    async with connected.engine.connect() as connection:
        jobs = await connection.scalar(text("SELECT count(*) FROM job_status_view"))
    assert jobs == 1


async def test_a_transient_failure_is_retried_by_the_timer_and_a_late_result_refused(
    connected: Service,
) -> None:
    async with at_work(connected) as peers:
        await peers.opened()
        first = await peers.next("analyze_pull_request")
        await peers.review_failed(first, error_class="transient")
        second = await peers.next("analyze_pull_request")
        await peers.reviewed(first)
        await peers.reviewed(second)
        publish = await peers.next("publish_review")
        await peers.published(publish)
        completed = await peers.next("job_completed")
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert (await view(connected, completed)).state == "completed"
    assert await dead_letters(connected) == []


async def test_a_newer_head_supersedes(connected: Service) -> None:
    async with at_work(connected) as peers:
        await peers.opened()
        older = await peers.next("analyze_pull_request")
        await peers.updated()
        superseded = await peers.next("job_superseded")
        newer = await peers.next("analyze_pull_request")
    assert superseded["job_id"] == older["job_id"]
    assert superseded["superseded_by"] == newer["job_id"]


async def test_a_draft_is_skipped(connected: Service) -> None:
    async with at_work(connected) as peers:
        await peers.opened(draft=True)
        skipped = await peers.next("job_skipped")
    assert skipped["reason"] == "draft"


async def test_a_job_nobody_can_start_fails_visibly(connected: Service) -> None:
    async with at_work(connected) as peers:
        await peers.opened()
        await peers.review_failed(await peers.next("analyze_pull_request"), error_class="transient")
        async with connected.engine.begin() as connection:
            await connection.execute(
                text(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                    " $$ BEGIN RAISE EXCEPTION 'no step may start'; END $$"
                )
            )
            await connection.execute(
                text(
                    "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW"
                    " WHEN (NEW.type = 'step_started') EXECUTE FUNCTION refuse()"
                )
            )
        failed = await peers.next("job_failed")
    assert (failed["step"], failed["attempts"]) == ("dispatch", 1)
    assert "no step may start" in failed["failure"]["reason"]
    assert (await view(connected, failed)).state == "failed"
    assert await dead_letters(connected) == []


class PullRequestOpenedV9(Event):
    type: Literal["platform_integration.pull_request_opened.v9"] = (
        "platform_integration.pull_request_opened.v9"
    )


@pytest.mark.parametrize("what", ["unknown version", "unknown job"])
async def test_what_cannot_be_handled_is_kept_and_stops_nobody(
    connected: Service, what: str
) -> None:
    async with at_work(connected) as peers:
        if what == "unknown version":
            await peers.say(
                PullRequestOpenedV9(organization_id=ORGANIZATION, occurred_at=NOON),
                exchange="platform_integration.events",
            )
            expected = (
                "workflow-queue.pull-requests",
                PullRequestOpenedV9.model_fields["type"].default,
            )
        else:
            await peers.say(
                ProcessWorkflowJobV1(organization_id=ORGANIZATION, job_id=uuid4()),
                exchange="workflow.exchange",
            )
            expected = ("workflow.jobs.queue", "workflow_queue.process_workflow_job.v1")
        await peers.opened()
        await peers.next("analyze_pull_request")
        while not (found := await dead_letters(connected)):
            pass
    assert found == [expected]
