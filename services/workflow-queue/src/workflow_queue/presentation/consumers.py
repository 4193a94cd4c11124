"""One function per queue: translate, call, count."""

from typing import Annotated, TypeAlias, assert_never

from code_review_contracts.events import (
    ReviewCompletedV1,
    ReviewEvent,
    ReviewFailedV1,
    ReviewStartedV1,
)
from crivo_messaging.consumer import RabbitMessage, message_id, queue
from faststream.rabbit import RabbitRouter
from organization_contracts.events import OrganizationCreatedV1
from platform_integration_contracts.events import (
    PublicationEvent,
    PullRequestClosedV1,
    PullRequestOpenedV1,
    PullRequestUpdatedV1,
    ReviewCommandedV1,
    ReviewPublicationFailedV1,
    ReviewPublishedV1,
)
from prometheus_client import Counter
from pydantic import Field
from structlog.contextvars import bind_contextvars
from workflow_queue_contracts.commands import ProcessWorkflowJobV1

from workflow_queue.application.app import App
from workflow_queue.application.name_organization import NameOrganization
from workflow_queue.application.ports import Verdict
from workflow_queue.application.process_workflow_job import ProcessWorkflowJob
from workflow_queue.application.update_job_status import (
    ReviewCompleted,
    ReviewPublished,
    StepFailed,
    StepReport,
    UpdateJobStatus,
)
from workflow_queue.domain.job_events import Step
from workflow_queue.domain.pull_request import JobId, OrganizationId
from workflow_queue.presentation.topology import (
    JOBS,
    ORGANIZATIONS,
    PUBLICATIONS,
    PULL_REQUESTS,
    REVIEWS,
)
from workflow_queue.presentation.translation import (
    cancel_jobs,
    command_review,
    enqueue_code_review_job,
    failure,
    publish_payload,
    stages,
)

PullRequestNews: TypeAlias = Annotated[
    PullRequestOpenedV1 | PullRequestUpdatedV1 | PullRequestClosedV1 | ReviewCommandedV1,
    Field(discriminator="type"),
]
_verdicts = Counter(
    "crivo_job_messages_total", "Messages by what became of them", ["queue", "verdict"]
)


def consumers(app: App) -> RabbitRouter:
    router = RabbitRouter()

    @router.subscriber(queue(PULL_REQUESTS))
    async def on_pull_request(event: PullRequestNews, message: RabbitMessage) -> None:
        bind_contextvars(delivery_id=event.delivery_id)
        match event:
            case PullRequestOpenedV1() | PullRequestUpdatedV1():
                command = enqueue_code_review_job(event, message_id(message))
                verdict = await app.enqueue_code_review_job(command)
            case PullRequestClosedV1():
                verdict = await app.cancel_jobs(cancel_jobs(event, message_id(message)))
            case ReviewCommandedV1():
                verdict = await app.command_review(command_review(event, message_id(message)))
            case _:
                assert_never(event)
        _note(PULL_REQUESTS, verdict)

    @router.subscriber(queue(JOBS))
    async def on_process_workflow_job(
        command: ProcessWorkflowJobV1, message: RabbitMessage
    ) -> None:
        verdict = await app.process_workflow_job(
            ProcessWorkflowJob(message_id=message_id(message), job_id=JobId(command.job_id))
        )
        _note(JOBS, verdict, JobId(command.job_id))

    @router.subscriber(queue(REVIEWS))
    async def on_review(event: ReviewEvent, message: RabbitMessage) -> None:
        report: StepReport
        match event:
            case ReviewStartedV1():
                return  # a queue that 0.1.0 declared is bound to it; heartbeats say the same
            case ReviewCompletedV1():
                report = ReviewCompleted(
                    attempt=event.attempt,
                    outcome=event.outcome,
                    findings=len(event.findings) + len(event.summary_findings),
                    payload=publish_payload(event),
                    stages=stages(event),
                )
            case ReviewFailedV1():
                report = StepFailed(
                    step=Step.ANALYZE, attempt=event.attempt, failure=failure(event.failure)
                )
            case _:
                assert_never(event)
        await update(REVIEWS, JobId(event.job_id), report, message)

    @router.subscriber(queue(PUBLICATIONS))
    async def on_publication(event: PublicationEvent, message: RabbitMessage) -> None:
        report: StepReport
        match event:
            case ReviewPublishedV1():
                report = ReviewPublished(
                    attempt=event.attempt, comments_published=event.comments_published
                )
            case ReviewPublicationFailedV1():
                report = StepFailed(
                    step=Step.PUBLISH, attempt=event.attempt, failure=failure(event.failure)
                )
            case _:
                assert_never(event)
        await update(PUBLICATIONS, JobId(event.job_id), report, message)

    @router.subscriber(queue(ORGANIZATIONS))
    async def on_organization(event: OrganizationCreatedV1, message: RabbitMessage) -> None:
        verdict = await app.name_organization(
            NameOrganization(
                message_id=message_id(message),
                organization_id=OrganizationId(event.organization_id),
                name=event.name,
            )
        )
        _note(ORGANIZATIONS, verdict)

    async def update(name: str, job_id: JobId, report: StepReport, message: RabbitMessage) -> None:
        verdict = await app.update_job_status(
            UpdateJobStatus(message_id=message_id(message), job_id=job_id, report=report)
        )
        _note(name, verdict, job_id)

    return router


def _note(name: str, verdict: Verdict, job_id: JobId | None = None) -> None:
    """A late or repeated message changes nothing, but the line that says it is handled tells."""
    _verdicts.labels(name, verdict).inc()
    bind_contextvars(verdict=verdict, **({"job_id": str(job_id)} if job_id else {}))
