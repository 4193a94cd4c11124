"""Commands that platform-integration obeys."""

from typing import Literal

from crivo_contracts.event import Command, JobId, Part, RepositoryId, ReviewId
from pydantic import Field

EXCHANGE = "platform_integration.commands"


class ReviewComment(Part):
    """One finding, to be shown on lines `start_line`..`end_line` of the new file.

    `replacement` is the text of those lines after the fix, without a trailing newline.
    """

    path: str
    start_line: int = Field(ge=1)
    end_line: int = Field(ge=1)
    severity: str = Field(examples=["critical", "high", "medium", "low"])
    category: str = Field(
        examples=["bug", "security", "performance", "reliability", "maintainability"]
    )
    title: str
    explanation: str
    source: str = Field(examples=["ruff:B006", "ast-grep:js-eval"])
    fingerprint: str
    replacement: str | None = None


class MissingStage(Part):
    """A stage of the review that did not run to its end, and why."""

    stage: str
    reason: str


class PublishReviewV1(Command):
    """Put one review on a pull request, once per pull request and head.

    `outcome` is complete, partial (with `missing_stages`) or failed. `comments` go on their lines;
    `summary_comments` were over the limit and are listed in the summary.
    """

    type: Literal["platform_integration.publish_review.v1"] = (
        "platform_integration.publish_review.v1"
    )
    job_id: JobId
    attempt: int = Field(ge=1)
    review_id: ReviewId
    repository_id: RepositoryId
    pull_request_number: int = Field(ge=1)
    head_sha: str
    change_set_id: str
    outcome: str = Field(examples=["complete", "partial", "failed"])
    summary: str
    comments: tuple[ReviewComment, ...] = ()
    summary_comments: tuple[ReviewComment, ...] = ()
    missing_stages: tuple[MissingStage, ...] = ()


class ResolveCommandV1(Command):
    """Find out what a command in a comment is about: the comment does not say the head.

    The service asks this of itself, because a webhook is answered without asking its code host;
    `attempt` grows with each time that the code host could not answer.
    """

    type: Literal["platform_integration.resolve_command.v1"] = (
        "platform_integration.resolve_command.v1"
    )
    repository_id: RepositoryId
    pull_request_number: int = Field(ge=1)
    command: str = Field(examples=["review", "pause", "resume"])
    commanded_by: str
    delivery_id: str
    attempt: int = Field(1, ge=1)
