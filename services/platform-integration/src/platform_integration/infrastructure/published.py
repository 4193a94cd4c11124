"""What happened here, in the words of the contracts."""

from typing import assert_never
from uuid import UUID

from crivo_contracts.event import Event, Failure
from crivo_messaging.envelope import Envelope
from platform_integration_contracts import commands as obeyed
from platform_integration_contracts import events as contract

from platform_integration.application.ports import (
    HostPullRequest,
    PublicationResult,
    ResolveCommand,
    ReviewCommanded,
    ReviewNotPublished,
    ReviewPublished,
)
from platform_integration.domain.change_set import ChangeSetId
from platform_integration.domain.webhook import (
    CommandNotice,
    Delivery,
    Notice,
    PullRequestNotice,
)

SOURCE = "platform-integration"


def published(event: PublicationResult | ReviewCommanded) -> Envelope:
    match event:
        case ReviewCommanded():
            return _commanded(event)
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


def announced(delivery: Delivery, notice: Notice) -> Envelope:
    """What follows from an accepted delivery."""
    assert delivery.repository_id is not None  # noqa: S101 - accepted deliveries have one
    match notice:
        case PullRequestNotice():
            return _pull_request_event(delivery, delivery.repository_id, notice)
        case CommandNotice():
            command = obeyed.ResolveCommandV1(
                organization_id=delivery.organization_id,
                repository_id=delivery.repository_id,
                pull_request_number=notice.number,
                command=notice.command,
                commanded_by=notice.commanded_by,
                delivery_id=delivery.delivery_id,
            )
            return _to_ourselves(command)
        case _:
            assert_never(notice)


def asked_again(command: ResolveCommand) -> Envelope:
    return _to_ourselves(
        obeyed.ResolveCommandV1(
            organization_id=command.organization_id,
            repository_id=command.repository_id,
            pull_request_number=command.pull_request_number,
            command=command.command,
            commanded_by=command.commanded_by,
            delivery_id=command.delivery_id,
            attempt=command.attempt + 1,
        )
    )


def _to_ourselves(command: obeyed.ResolveCommandV1) -> Envelope:
    # A subject of its own: one that waits for its code host must hold back nothing else.
    return Envelope.of(
        command,
        source=SOURCE,
        exchange=obeyed.EXCHANGE,
        subject=f"{command.repository_id}/pulls/{command.pull_request_number}/comments",
        sequence=command.attempt,
    )


def _commanded(event: ReviewCommanded) -> Envelope:
    message = contract.ReviewCommandedV1(
        organization_id=event.organization_id,
        occurred_at=event.at,
        pull_request=_described(
            event.pull_request,
            number=event.number,
            repository_id=event.repository_id,
            repository_full_name=event.repository_full_name,
            integration_id=event.integration_id,
        ),
        change_set_id=_change_set_id(event.pull_request, event.repository_id, event.number),
        command=event.command,
        commanded_by=event.commanded_by,
        delivery_id=event.delivery_id,
    )
    # A subject of its own, so that a consumer of an earlier release, which does not know of
    # commands, still hears of pushes.
    return Envelope.of(
        message,
        source=SOURCE,
        exchange=contract.EXCHANGE,
        subject=f"{event.repository_id}/pulls/{event.number}/commands",
        sequence=int(event.pull_request.updated_at.timestamp()),
    )


def _pull_request_event(
    delivery: Delivery, repository_id: UUID, notice: PullRequestNotice
) -> Envelope:
    """One pull request's events keep their order."""
    change_set_id = _change_set_id(notice, repository_id, notice.number)
    said = {
        "organization_id": delivery.organization_id,
        "occurred_at": delivery.received_at,
        "pull_request": _described(
            notice,
            number=notice.number,
            repository_id=repository_id,
            repository_full_name=notice.repository_full_name,
            integration_id=delivery.integration_id,
        ),
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
        subject=f"{repository_id}/pulls/{notice.number}",
        sequence=int(notice.updated_at.timestamp()),
    )


def _described(
    said: PullRequestNotice | HostPullRequest,
    *,
    number: int,
    repository_id: UUID,
    repository_full_name: str,
    integration_id: UUID,
) -> contract.PullRequest:
    return contract.PullRequest(
        repository_id=repository_id,
        repository_full_name=repository_full_name,
        number=number,
        title=said.title,
        description=said.description,
        author=said.author,
        url=said.url,
        base_ref=said.base_ref,
        base_sha=said.base_sha,
        head_ref=said.head_ref,
        head_sha=said.head_sha,
        draft=said.draft,
        updated_at=said.updated_at,
        integration_id=integration_id,
    )


def _change_set_id(
    said: PullRequestNotice | HostPullRequest, repository_id: UUID, number: int
) -> str:
    return str(
        ChangeSetId(
            repository_id=repository_id,
            number=number,
            base_sha=said.base_sha,
            head_sha=said.head_sha,
        )
    )
