"""What can happen to a job. Stored for ever: a field is added with a default, never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TypeAlias

from workflow_queue.domain.failure import Failure
from workflow_queue.domain.pull_request import JobId, PullRequest


class Step(StrEnum):
    DISPATCH = "dispatch"
    ANALYZE = "analyze"
    PUBLISH = "publish"


class Priority(IntEnum):
    """Within an organization, less goes first."""

    COMMAND = 0
    AUTOMATIC = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCreated:
    job_id: JobId
    pull_request: PullRequest
    trigger: str
    at: datetime
    priority: Priority = Priority.AUTOMATIC


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDispatched:
    """A message asked for the job's next step; not recorded any more, but old jobs have it."""

    step: Step
    dispatch: int
    deadline_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRejected:
    """That message ended among the dead letters; in old jobs only."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    step: Step
    attempt: int
    deadline_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineMoved:
    """A worker took the step up; not recorded any more, but old jobs have it."""

    step: Step
    attempt: int
    deadline_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """A stage of the analysis, and how long it took."""

    stage: str
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseLost:
    """Whoever did the step sent no heartbeat for too long."""

    step: Step
    attempt: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisCompleted:
    attempt: int
    outcome: str
    findings: int
    at: datetime
    stages: tuple[StageTime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetryScheduled:
    step: Step
    attempt: int
    failure: Failure
    retry_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCompleted:
    attempt: int
    outcome: str
    comments_published: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailed:
    step: Step
    attempts: int
    failure: Failure
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSkipped:
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSuperseded:
    superseded_by: JobId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled:
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetried:
    """A person asked for a failed job again."""

    requested_by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReopened:
    """The pull request came back to this head after the job had been stopped."""

    at: datetime


JobEvent: TypeAlias = (
    JobCreated
    | JobDispatched
    | DispatchRejected
    | StepStarted
    | DeadlineMoved
    | LeaseLost
    | AnalysisCompleted
    | JobRetryScheduled
    | JobCompleted
    | JobFailed
    | JobSkipped
    | JobSuperseded
    | JobCancelled
    | JobRetried
    | JobReopened
)
