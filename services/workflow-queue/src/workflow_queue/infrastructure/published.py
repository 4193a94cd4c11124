"""Domain event -> what other services, and our own workers, are told of it."""

import json
from typing import Any, assert_never

import code_review_contracts.commands as code_review
import platform_integration_contracts.commands as platform_integration
import workflow_queue_contracts.events as contract
from crivo_contracts.event import Failure as FailureContract
from crivo_contracts.event import Message
from crivo_messaging.envelope import Envelope

from workflow_queue.application.ports import PublishPayload
from workflow_queue.domain.failure import Failure
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import (
    AnalysisCompleted,
    DeadlineMoved,
    DispatchRejected,
    JobCancelled,
    JobCompleted,
    JobCreated,
    JobDispatched,
    JobEvent,
    JobFailed,
    JobReopened,
    JobRetried,
    JobRetryScheduled,
    JobSkipped,
    JobSuperseded,
    LeaseLost,
    Step,
    StepStarted,
)

SOURCE = "workflow-queue"


class PayloadMissing(Exception):
    """A review is to be published, and nobody kept it."""


def envelopes(
    job: WorkflowJob, event: JobEvent, sequence: int, payload: PublishPayload | None
) -> list[Envelope]:
    """The messages that follow from the `sequence`-th event of a job, in order."""
    return [
        Envelope.of(
            message,
            source=SOURCE,
            exchange=exchange,
            subject=str(job.id),
            sequence=sequence,
        )
        for exchange, message in _messages(job, event, payload)
    ]


def _messages(
    job: WorkflowJob, event: JobEvent, payload: PublishPayload | None
) -> list[tuple[str, Message]]:
    match event:
        case StepStarted(step=Step.PUBLISH):
            return [(platform_integration.EXCHANGE, _publish(job, event, payload))]
        case StepStarted():
            return [
                (
                    contract.EXCHANGE,
                    contract.JobStartedV1(**_about(job, event), attempt=event.attempt),
                ),
                (code_review.EXCHANGE, _analyze(job, event)),
            ]
        case LeaseLost() | AnalysisCompleted():
            return []  # nobody outside needs them
        case JobDispatched() | DispatchRejected() | DeadlineMoved():
            return []  # not recorded any more
        case JobRetried() | JobReopened():
            return []  # the job_started that follows says it
        case _:
            return [(contract.EXCHANGE, _news(job, event))]


def _news(
    job: WorkflowJob,
    event: JobCreated
    | JobRetryScheduled
    | JobCompleted
    | JobFailed
    | JobSkipped
    | JobSuperseded
    | JobCancelled,
) -> Message:
    about = _about(job, event)
    match event:
        case JobCreated():
            return contract.JobCreatedV1(**about, trigger=_kind(event.trigger))
        case JobRetryScheduled():
            return contract.JobRetryScheduledV1(
                **about,
                step=event.step,
                attempt=event.attempt,
                failure=_failure(event.failure),
                retry_at=event.retry_at,
            )
        case JobCompleted():
            return contract.JobCompletedV1(
                **about, outcome=event.outcome, comments_published=event.comments_published
            )
        case JobFailed():
            return contract.JobFailedV1(
                **about,
                step=event.step,
                attempts=event.attempts,
                failure=_failure(event.failure),
            )
        case JobSkipped():
            return contract.JobSkippedV1(**about, reason=event.reason)
        case JobSuperseded():
            return contract.JobSupersededV1(**about, superseded_by=event.superseded_by)
        case JobCancelled():
            return contract.JobCancelledV1(**about, reason=event.reason)
        case _:
            assert_never(event)


def _kind(trigger: str) -> str:
    """Which comment commanded the job is nothing outside needs."""
    return trigger.partition(":")[0]


def _about(job: WorkflowJob, event: JobEvent) -> dict[str, Any]:
    pull_request = job.pull_request
    return {
        "organization_id": pull_request.ref.organization_id,
        "job_id": job.id,
        "repository_id": pull_request.ref.repository_id,
        "pull_request_number": pull_request.ref.number,
        "head_sha": pull_request.head_sha,
        "occurred_at": event.at,
    }


def _analyze(job: WorkflowJob, event: StepStarted) -> code_review.AnalyzePullRequestV1:
    pull_request = job.pull_request
    return code_review.AnalyzePullRequestV1(
        organization_id=pull_request.ref.organization_id,
        job_id=job.id,
        attempt=event.attempt,
        repository_id=pull_request.ref.repository_id,
        repository_full_name=pull_request.repository_full_name,
        pull_request_number=pull_request.ref.number,
        base_sha=pull_request.base_sha,
        head_sha=pull_request.head_sha,
        change_set_id=pull_request.change_set_id,
        title=pull_request.title,
        description=pull_request.description,
    )


def _publish(
    job: WorkflowJob, event: StepStarted, payload: PublishPayload | None
) -> platform_integration.PublishReviewV1:
    if payload is None:
        raise PayloadMissing(f"job {job.id}")
    pull_request = job.pull_request
    return platform_integration.PublishReviewV1.model_validate(
        {
            **json.loads(payload),
            "organization_id": pull_request.ref.organization_id,
            "job_id": job.id,
            "attempt": event.attempt,
            "repository_id": pull_request.ref.repository_id,
            "pull_request_number": pull_request.ref.number,
            "head_sha": pull_request.head_sha,
            "change_set_id": pull_request.change_set_id,
        }
    )


def _failure(failure: Failure) -> FailureContract:
    return FailureContract(
        error_class=failure.error_class, reason=failure.reason[:2000], retry_at=failure.retry_at
    )
