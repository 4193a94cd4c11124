"""Events of platform-integration. No code host's payload is in any of them."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from crivo_contracts.event import Event, Failure, JobId, Part, RepositoryId, ReviewId
from pydantic import AwareDatetime, Field

EXCHANGE = "platform_integration.events"


class PullRequest(Part):
    """The state of a pull request at the moment its code host spoke of it."""

    repository_id: RepositoryId
    repository_full_name: str
    number: int = Field(ge=1)
    title: str
    author: str
    url: str
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    draft: bool = False
    updated_at: AwareDatetime
    integration_id: UUID | None = None
    description: str | None = None


class PullRequestOpenedV1(Event):
    """A pull request became reviewable; `trigger` is opened, reopened or ready_for_review."""

    mandatory: ClassVar[bool] = True

    type: Literal["platform_integration.pull_request_opened.v1"] = (
        "platform_integration.pull_request_opened.v1"
    )
    pull_request: PullRequest
    change_set_id: str
    trigger: str = Field(examples=["opened", "reopened", "ready_for_review"])
    delivery_id: str | None = None


class PullRequestUpdatedV1(Event):
    """The head of a pull request moved."""

    mandatory: ClassVar[bool] = True

    type: Literal["platform_integration.pull_request_updated.v1"] = (
        "platform_integration.pull_request_updated.v1"
    )
    pull_request: PullRequest
    change_set_id: str
    delivery_id: str | None = None


class PullRequestClosedV1(Event):
    """A pull request was merged or closed."""

    mandatory: ClassVar[bool] = True

    type: Literal["platform_integration.pull_request_closed.v1"] = (
        "platform_integration.pull_request_closed.v1"
    )
    pull_request: PullRequest
    merged: bool
    delivery_id: str | None = None


class ReviewCommandedV1(Event):
    """Somebody with write access asked for something in a comment, as in `@crivo review`."""

    mandatory: ClassVar[bool] = True

    type: Literal["platform_integration.review_commanded.v1"] = (
        "platform_integration.review_commanded.v1"
    )
    pull_request: PullRequest
    change_set_id: str
    command: str = Field(examples=["review", "pause", "resume"])
    commanded_by: str
    delivery_id: str | None = None


PullRequestEvent: TypeAlias = Annotated[
    PullRequestOpenedV1 | PullRequestUpdatedV1 | PullRequestClosedV1, Field(discriminator="type")
]


class ReviewPublishedV1(Event):
    """The review is on the code host, with `comments_published` inline comments."""

    mandatory: ClassVar[bool] = True

    type: Literal["platform_integration.review_published.v1"] = (
        "platform_integration.review_published.v1"
    )
    job_id: JobId
    attempt: int = Field(ge=1)
    review_id: ReviewId
    repository_id: RepositoryId
    pull_request_number: int = Field(ge=1)
    head_sha: str
    comments_published: int = Field(ge=0)
    url: str | None = None


class PublicationProgressedV1(Event):
    """A heartbeat from the worker that publishes; it renews the lease of the step."""

    type: Literal["platform_integration.publication_progressed.v1"] = (
        "platform_integration.publication_progressed.v1"
    )
    job_id: JobId
    attempt: int = Field(ge=1)
    review_id: ReviewId


class ReviewPublicationFailedV1(Event):
    """The code host did not take the review."""

    mandatory: ClassVar[bool] = True

    type: Literal["platform_integration.review_publication_failed.v1"] = (
        "platform_integration.review_publication_failed.v1"
    )
    job_id: JobId
    attempt: int = Field(ge=1)
    review_id: ReviewId
    failure: Failure


PublicationEvent: TypeAlias = Annotated[
    ReviewPublishedV1 | ReviewPublicationFailedV1, Field(discriminator="type")
]
