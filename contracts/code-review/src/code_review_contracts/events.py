"""Events of code-review."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from crivo_contracts.event import Event, Failure, JobId, Part, ReviewId
from pydantic import Field

EXCHANGE = "code_review.events"


class Finding(Part):
    """A problem on lines `start_line`..`end_line` of the file as it is at the head.

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
    confidence: float = Field(ge=0, le=1)
    source: str = Field(examples=["ruff:B006", "ast-grep:js-eval"])
    fingerprint: str
    replacement: str | None = None


class MissingStage(Part):
    """A stage that did not run to its end, and why."""

    stage: str
    reason: str


class StageTiming(Part):
    """How long a stage took, in milliseconds."""

    stage: str
    milliseconds: float = Field(ge=0)


class ReviewStartedV1(Event):
    """A worker took the analysis up."""

    type: Literal["code_review.review_started.v1"] = "code_review.review_started.v1"
    job_id: JobId
    attempt: int = Field(ge=1)
    review_id: ReviewId


class ReviewProgressedV1(Event):
    """A heartbeat from the worker that analyzes; it renews the lease of the step."""

    type: Literal["code_review.review_progressed.v1"] = "code_review.review_progressed.v1"
    job_id: JobId
    attempt: int = Field(ge=1)
    review_id: ReviewId


class ReviewCompletedV1(Event):
    """The analysis is done: `complete`, or `partial` with the stages that are missing.

    `findings` are for the lines, ranked; `summary_findings` were over the limit.
    """

    mandatory: ClassVar[bool] = True

    type: Literal["code_review.review_completed.v1"] = "code_review.review_completed.v1"
    job_id: JobId
    attempt: int = Field(ge=1)
    review_id: ReviewId
    outcome: str = Field(examples=["complete", "partial"])
    summary: str
    findings: tuple[Finding, ...] = ()
    summary_findings: tuple[Finding, ...] = ()
    missing_stages: tuple[MissingStage, ...] = ()
    timings: tuple[StageTiming, ...] = ()


class ReviewFailedV1(Event):
    """The analysis could not be done."""

    mandatory: ClassVar[bool] = True

    type: Literal["code_review.review_failed.v1"] = "code_review.review_failed.v1"
    job_id: JobId
    attempt: int = Field(ge=1)
    review_id: ReviewId
    failure: Failure


ReviewEvent: TypeAlias = Annotated[
    ReviewStartedV1 | ReviewCompletedV1 | ReviewFailedV1, Field(discriminator="type")
]
