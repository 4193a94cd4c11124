"""Other services' messages in this service's words."""

import json
from typing import Any
from uuid import UUID

import crivo_contracts.event as kernel
from code_review_contracts.events import Finding, ReviewCompletedV1
from platform_integration_contracts.commands import MissingStage, ReviewComment
from platform_integration_contracts.events import (
    PullRequestClosedV1,
    PullRequestOpenedV1,
    PullRequestUpdatedV1,
    ReviewCommandedV1,
)

from workflow_queue.application.cancel_jobs import CancelJobs
from workflow_queue.application.command_review import CommandReview, Wish
from workflow_queue.application.enqueue_code_review_job import EnqueueCodeReviewJob
from workflow_queue.application.ports import PublishPayload
from workflow_queue.domain.failure import ErrorClass, Failure
from workflow_queue.domain.job_events import StageTime
from workflow_queue.domain.pull_request import (
    UPDATED,
    IntegrationId,
    OrganizationId,
    PullRequest,
    PullRequestRef,
    RepositoryId,
)


def enqueue_code_review_job(
    event: PullRequestOpenedV1 | PullRequestUpdatedV1, message_id: UUID
) -> EnqueueCodeReviewJob:
    return EnqueueCodeReviewJob(
        message_id=message_id,
        trigger=event.trigger if isinstance(event, PullRequestOpenedV1) else UPDATED,
        draft=event.pull_request.draft,
        pull_request=_pull_request(event),
    )


def command_review(event: ReviewCommandedV1, message_id: UUID) -> CommandReview:
    """Raise ValueError for a word of a later release."""
    return CommandReview(
        message_id=message_id,
        request_id=event.delivery_id or str(message_id),
        pull_request=_pull_request(event),
        wish=Wish(event.command),
    )


def cancel_jobs(event: PullRequestClosedV1, message_id: UUID) -> CancelJobs:
    return CancelJobs(
        message_id=message_id, ref=_ref(event), updated_at=event.pull_request.updated_at
    )


def failure(told: kernel.Failure) -> Failure:
    return Failure(
        error_class=ErrorClass.named(told.error_class),
        reason=told.reason,
        retry_at=told.retry_at,
    )


def stages(event: ReviewCompletedV1) -> tuple[StageTime, ...]:
    return tuple(
        StageTime(stage=each.stage, milliseconds=each.milliseconds) for each in event.timings
    )


def publish_payload(event: ReviewCompletedV1) -> PublishPayload:
    """What publish_review says about the review; the job adds what it is about."""
    missing = [MissingStage(stage=each.stage, reason=each.reason) for each in event.missing_stages]
    payload = {
        "review_id": str(event.review_id),
        "outcome": event.outcome,
        "summary": event.summary,
        "comments": [_comment(each) for each in event.findings],
        "summary_comments": [_comment(each) for each in event.summary_findings],
        "missing_stages": [each.model_dump(mode="json") for each in missing],
    }
    return PublishPayload(json.dumps(payload))


def _comment(finding: Finding) -> dict[str, Any]:
    comment = ReviewComment.model_validate(finding.model_dump())
    return comment.model_dump(mode="json")


def _pull_request(
    event: PullRequestOpenedV1 | PullRequestUpdatedV1 | ReviewCommandedV1,
) -> PullRequest:
    said = event.pull_request
    return PullRequest(
        ref=_ref(event),
        repository_full_name=said.repository_full_name,
        title=said.title,
        author=said.author,
        url=said.url,
        base_sha=said.base_sha,
        head_sha=said.head_sha,
        change_set_id=event.change_set_id,
        updated_at=said.updated_at,
        integration_id=IntegrationId(said.integration_id) if said.integration_id else None,
        description=said.description,
    )


def _ref(
    event: PullRequestOpenedV1 | PullRequestUpdatedV1 | PullRequestClosedV1 | ReviewCommandedV1,
) -> PullRequestRef:
    return PullRequestRef(
        organization_id=OrganizationId(event.organization_id),
        repository_id=RepositoryId(event.pull_request.repository_id),
        number=event.pull_request.number,
    )
