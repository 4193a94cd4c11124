"""The life of a job, as other services may follow it."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from crivo_contracts.event import Event, Failure, JobId, RepositoryId
from pydantic import AwareDatetime, Field

EXCHANGE = "workflow.exchange"


class JobEvent(Event):
    """What every event of a job says about its pull request."""

    job_id: JobId
    repository_id: RepositoryId
    pull_request_number: int = Field(ge=1)
    head_sha: str


class JobCreatedV1(JobEvent):
    """A review was asked for; `trigger` is what asked for it."""

    type: Literal["workflow_queue.job_created.v1"] = "workflow_queue.job_created.v1"
    trigger: str = Field(examples=["opened", "updated", "reopened", "ready_for_review", "command"])


class JobStartedV1(JobEvent):
    """Work on the job began, for the `attempt`-th time."""

    mandatory: ClassVar[bool] = True

    type: Literal["workflow_queue.job_started.v1"] = "workflow_queue.job_started.v1"
    attempt: int = Field(ge=1)


class JobRetryScheduledV1(JobEvent):
    """`step` failed and is tried again at `retry_at`."""

    mandatory: ClassVar[bool] = True

    type: Literal["workflow_queue.job_retry_scheduled.v1"] = "workflow_queue.job_retry_scheduled.v1"
    step: str = Field(examples=["analyze", "publish"])
    attempt: int = Field(ge=1)
    failure: Failure
    retry_at: AwareDatetime


class JobCompletedV1(JobEvent):
    """The review is on the pull request."""

    type: Literal["workflow_queue.job_completed.v1"] = "workflow_queue.job_completed.v1"
    outcome: str = Field(examples=["complete", "partial"])
    comments_published: int = Field(ge=0)


class JobFailedV1(JobEvent):
    """The job is dead-lettered: nobody tries it again until a person asks."""

    mandatory: ClassVar[bool] = True

    type: Literal["workflow_queue.job_failed.v1"] = "workflow_queue.job_failed.v1"
    step: str = Field(examples=["dispatch", "analyze", "publish"])
    attempts: int = Field(ge=1)
    failure: Failure


class JobSkippedV1(JobEvent):
    """The pull request is not reviewed, on purpose."""

    mandatory: ClassVar[bool] = True

    type: Literal["workflow_queue.job_skipped.v1"] = "workflow_queue.job_skipped.v1"
    reason: str = Field(examples=["draft", "manual", "paused"])


class JobSupersededV1(JobEvent):
    """A newer head is being reviewed by `superseded_by` instead."""

    mandatory: ClassVar[bool] = True

    type: Literal["workflow_queue.job_superseded.v1"] = "workflow_queue.job_superseded.v1"
    superseded_by: JobId


class JobCancelledV1(JobEvent):
    """The pull request was closed before its review was done."""

    mandatory: ClassVar[bool] = True

    type: Literal["workflow_queue.job_cancelled.v1"] = "workflow_queue.job_cancelled.v1"
    reason: str = Field(examples=["pull_request_closed"])


JobProgress: TypeAlias = Annotated[
    JobStartedV1
    | JobRetryScheduledV1
    | JobFailedV1
    | JobSkippedV1
    | JobSupersededV1
    | JobCancelledV1,
    Field(discriminator="type"),
]
JobStopped: TypeAlias = Annotated[JobSupersededV1 | JobCancelledV1, Field(discriminator="type")]
