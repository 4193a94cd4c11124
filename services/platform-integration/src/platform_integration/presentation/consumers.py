"""One function per queue: translate, call, nothing else."""

from datetime import UTC, datetime
from functools import partial

import structlog
from crivo_messaging.consumer import RabbitMessage, delivery_id, message_id, queue
from crivo_messaging.envelope import Envelope
from crivo_messaging.heartbeat import heartbeat
from crivo_messaging.publisher import Publisher
from crivo_tasks.unavailable import Unavailable
from faststream.rabbit import RabbitRouter
from platform_integration_contracts.commands import PublishReviewV1, ResolveCommandV1, ReviewComment
from platform_integration_contracts.events import EXCHANGE, PublicationProgressedV1
from structlog.contextvars import bound_contextvars
from workflow_queue_contracts.events import (
    JobCancelledV1,
    JobFailedV1,
    JobProgress,
    JobRetryScheduledV1,
    JobSkippedV1,
    JobStartedV1,
    JobSupersededV1,
)

from platform_integration.application.app import App
from platform_integration.application.ports import ClaimedElsewhere, ResolveCommand
from platform_integration.application.publish_review import PublishReview
from platform_integration.application.say_check import SayCheck
from platform_integration.domain.check_run import CheckState
from platform_integration.domain.comment_command import CommentCommand
from platform_integration.domain.review import Comment, Review
from platform_integration.presentation.queues import COMMANDS, JOB_PROGRESS, PUBLICATIONS

_log = structlog.get_logger()

SOURCE = "platform-integration"


def consumers(app: App, publisher: Publisher) -> RabbitRouter:
    router = RabbitRouter()

    @router.subscriber(queue(PUBLICATIONS))
    async def on_publish_review(command: PublishReviewV1, message: RabbitMessage) -> None:
        with bound_contextvars(job_id=str(command.job_id)):
            try:
                async with heartbeat(publisher, partial(heartbeat_message, command)):
                    await app.publish_review(_publish_review(command, message))
            except ClaimedElsewhere as problem:
                raise Unavailable(str(problem)) from problem

    @router.subscriber(queue(COMMANDS))
    async def on_resolve_command(command: ResolveCommandV1, message: RabbitMessage) -> None:
        with bound_contextvars(delivery_id=command.delivery_id):
            resolution = await app.resolve_command(
                ResolveCommand(
                    message_id=message_id(message),
                    organization_id=command.organization_id,
                    repository_id=command.repository_id,
                    pull_request_number=command.pull_request_number,
                    command=CommentCommand(command.command),
                    commanded_by=command.commanded_by,
                    delivery_id=command.delivery_id,
                    attempt=command.attempt,
                )
            )
            _log.info("command.resolved", command=command.command, resolution=resolution)

    @router.subscriber(queue(JOB_PROGRESS))
    async def on_job_progress(event: JobProgress, message: RabbitMessage) -> None:
        with bound_contextvars(job_id=str(event.job_id)):
            await app.say_check(
                SayCheck(
                    organization_id=event.organization_id,
                    repository_id=event.repository_id,
                    head_sha=event.head_sha,
                    state=check_state(event),
                    said_by=event.job_id,
                    sequence=_sequence(message),
                )
            )

    return router


# By the reasons of JobSkipped; a reason of a later release is shown as it is.
_NOT_REVIEWED = {
    "draft": "A draft is reviewed when it is ready, or when somebody who may write to the "
    "repository comments `@crivo review`.",
    "paused": "Automatic reviews of this pull request are paused. Comment `@crivo review` to have "
    "this commit reviewed and the next ones too, or `@crivo resume` for the next ones only.",
    "manual": "In this repository a pull request is reviewed when somebody asks for it: "
    "comment `@crivo review`.",
}


def check_state(event: JobProgress) -> CheckState:
    """What the check of a head should say while its job goes on, or when it ends unpublished."""
    match event:
        case JobStartedV1():
            return CheckState(
                status="in_progress", title="Reviewing", summary="The review is under way."
            )
        case JobRetryScheduledV1():
            return CheckState(
                status="in_progress",
                title=f"Trying again: {event.step} failed",
                summary=f"Attempt {event.attempt} failed ({event.failure.reason}). "
                f"The next one starts at {event.retry_at:%H:%M:%S} UTC.",
            )
        case JobFailedV1():
            return _ended(
                "failure", "The review failed", f"The step {event.step}: {event.failure.reason}"
            )
        case JobSkippedV1():
            return _ended("neutral", "Not reviewed", _NOT_REVIEWED.get(event.reason, event.reason))
        case JobSupersededV1():
            return _ended("neutral", "Superseded", "A newer commit has taken its place.")
        case JobCancelledV1():
            return _ended("neutral", "Cancelled", f"Reason: {event.reason}.")


def heartbeat_message(command: PublishReviewV1) -> Envelope:
    """Says that this attempt is being worked on."""
    return Envelope.of(
        PublicationProgressedV1(
            organization_id=command.organization_id,
            occurred_at=datetime.now(UTC),
            job_id=command.job_id,
            attempt=command.attempt,
            review_id=command.review_id,
        ),
        source=SOURCE,
        exchange=EXCHANGE,
        subject=str(command.review_id),
    )


def _publish_review(command: PublishReviewV1, message: RabbitMessage) -> PublishReview:
    return PublishReview(
        claimed_by=delivery_id(),
        sequence=_sequence(message),
        organization_id=command.organization_id,
        job_id=command.job_id,
        attempt=command.attempt,
        repository_id=command.repository_id,
        pull_request_number=command.pull_request_number,
        review=_review(command),
    )


def _ended(conclusion: str, title: str, summary: str) -> CheckState:
    return CheckState(status="completed", conclusion=conclusion, title=title, summary=summary)


def _review(command: PublishReviewV1) -> Review:
    return Review(
        review_id=command.review_id,
        head_sha=command.head_sha,
        outcome=command.outcome,
        summary=command.summary,
        comments=tuple(_comment(each) for each in command.comments),
        summary_comments=tuple(_comment(each) for each in command.summary_comments),
        missing_stages=tuple((each.stage, each.reason) for each in command.missing_stages),
    )


def _comment(said: ReviewComment) -> Comment:
    return Comment(
        path=said.path,
        start_line=said.start_line,
        end_line=said.end_line,
        severity=said.severity,
        category=said.category,
        title=said.title,
        explanation=said.explanation,
        source=said.source,
        fingerprint=said.fingerprint,
        replacement=said.replacement,
    )


def _sequence(message: RabbitMessage) -> int:
    return int(message.headers.get("cloudEvents:sequence", 0))
