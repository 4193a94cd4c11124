"""What happened here, in the words of the contracts."""

from typing import assert_never

from crivo_contracts.event import Event, Failure
from crivo_messaging.envelope import Envelope
from platform_integration_contracts import events as contract

from platform_integration.application.ports import (
    PublicationResult,
    ReviewNotPublished,
    ReviewPublished,
)
from platform_integration.domain.change_set import ChangeSetId
from platform_integration.domain.webhook import Delivery, PullRequestNotice

SOURCE = "platform-integration"


def published(event: PublicationResult) -> Envelope:
    match event:
        case ReviewPublished():
            message: Event = contract.ReviewPublishedV1(
                organization_id=event.organization_id,
                occurred_at=event.at,
                job_id=event.job_id,
                attempt=event.attempt,
                review_id=event.review_id,
                repository_id=event.repository_id,
                pull_request_number=event.pull_request_number,
                head_sha=event.head_sha,
                comments_published=event.comments,
                url=event.url,
            )
        case ReviewNotPublished():
            message = contract.ReviewPublicationFailedV1(
                organization_id=event.organization_id,
                occurred_at=event.at,
                job_id=event.job_id,
                attempt=event.attempt,
                review_id=event.review_id,
                failure=Failure(
                    error_class=event.error_class, reason=event.reason, retry_at=event.retry_at
                ),
            )
        case _:
            assert_never(event)
    return Envelope.of(
        message,
        source=SOURCE,
        exchange=contract.EXCHANGE,
        subject=str(event.review_id),
        sequence=event.attempt,
    )


def announced(delivery: Delivery, notice: PullRequestNotice) -> Envelope:
    """The event of an accepted delivery; one pull request's events keep their order."""
    assert delivery.repository_id is not None  # noqa: S101 - accepted deliveries have one
    pull_request = contract.PullRequest(
        repository_id=delivery.repository_id,
        repository_full_name=notice.repository_full_name,
        number=notice.number,
        title=notice.title,
        author=notice.author,
        url=notice.url,
        base_ref=notice.base_ref,
        base_sha=notice.base_sha,
        head_ref=notice.head_ref,
        head_sha=notice.head_sha,
        draft=notice.draft,
        updated_at=notice.updated_at,
        integration_id=delivery.integration_id,
    )
    change_set_id = str(
        ChangeSetId(
            repository_id=delivery.repository_id,
            number=notice.number,
            base_sha=notice.base_sha,
            head_sha=notice.head_sha,
        )
    )
    said = {
        "organization_id": delivery.organization_id,
        "occurred_at": delivery.received_at,
        "pull_request": pull_request,
        "delivery_id": delivery.delivery_id,
    }
    match notice.trigger:
        case "closed":
            message: Event = contract.PullRequestClosedV1(merged=notice.merged, **said)
        case "updated":
            message = contract.PullRequestUpdatedV1(change_set_id=change_set_id, **said)
        case _:
            message = contract.PullRequestOpenedV1(
                change_set_id=change_set_id, trigger=notice.trigger, **said
            )
    return Envelope.of(
        message,
        source=SOURCE,
        exchange=contract.EXCHANGE,
        subject=f"{delivery.repository_id}/pulls/{notice.number}",
        sequence=int(notice.updated_at.timestamp()),
    )
