"""What its events make of a job; what may happen next is decided in job.py."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self, assert_never

from workflow_queue.domain.failure import Failure, transient
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
    Priority,
    Step,
    StepStarted,
)
from workflow_queue.domain.pull_request import IdempotencyKey, JobId, PullRequest


class State(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    RETRY_SCHEDULED = "retry_scheduled"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"


ACTIVE = frozenset({State.PENDING, State.RUNNING, State.RETRY_SCHEDULED})
STOPPED = frozenset({State.FAILED, State.CANCELLED, State.SUPERSEDED, State.SKIPPED})


class IllegalTransition(Exception):
    pass


@dataclass(slots=True, kw_only=True, eq=False)
class JobState:
    """Decides nothing: what was stored is applied, whatever the rules are today."""

    id: JobId
    pull_request: PullRequest
    trigger: str
    priority: Priority
    created_at: datetime
    updated_at: datetime
    state: State = State.PENDING
    step: Step = Step.ANALYZE
    attempts: dict[Step, int] = field(default_factory=dict)
    tries: int = 0
    dispatches: int = 0
    rejections: int = 0
    due_at: datetime | None = None
    started_at: datetime | None = None
    analyzed_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: str | None = None
    comments_published: int | None = None
    reason: str | None = None
    failure: Failure | None = None
    superseded_by: JobId | None = None
    version: int = 0
    recorded: list[JobEvent] = field(default_factory=list, repr=False)

    @classmethod
    def rebuilt(cls, history: Iterable[JobEvent]) -> Self:
        events = iter(history)
        first = next(events)
        if not isinstance(first, JobCreated):
            raise IllegalTransition(f"a job cannot begin with {type(first).__name__}")
        job = cls._born(first)
        for event in events:
            job._apply(event)
        return job

    @property
    def key(self) -> IdempotencyKey:
        return IdempotencyKey(
            ref=self.pull_request.ref, head_sha=self.pull_request.head_sha, trigger=self.trigger
        )

    @property
    def attempt(self) -> int:
        """How often the current step was begun."""
        return self.attempts.get(self.step, 0)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def waits(self) -> bool:
        """Whether it is the dispatcher's turn, now or when its retry is due; else, the timer's."""
        return self.state is State.RETRY_SCHEDULED or (
            self.state is State.PENDING and self.due_at is None
        )

    @classmethod
    def _born(cls, event: JobCreated) -> Self:
        return cls(
            id=event.job_id,
            pull_request=event.pull_request,
            trigger=event.trigger,
            priority=event.priority,
            created_at=event.at,
            updated_at=event.at,
            version=1,
        )

    def _record(self, event: JobEvent) -> None:
        self._apply(event)
        self.recorded.append(event)

    def _apply(self, event: JobEvent) -> None:
        self.version += 1
        self.updated_at = event.at
        match event:
            case JobCreated():
                raise IllegalTransition(f"job {self.id} is created already")
            case JobDispatched():
                self._enter(State.PENDING, due_at=event.deadline_at)
                self.dispatches = event.dispatch
            case DispatchRejected():
                self.rejections += 1
            case StepStarted():
                self._begin(event)
            case DeadlineMoved():
                self.due_at = event.deadline_at
            case LeaseLost():
                self._enter(State.PENDING, due_at=None)
                self._note(transient(event.reason))
            case AnalysisCompleted():
                self.outcome = event.outcome
                self.analyzed_at = event.at
            case JobRetryScheduled():
                self._enter(State.RETRY_SCHEDULED, due_at=event.retry_at)
                self._note(event.failure)
                self.dispatches = 0
            case JobRetried() | JobReopened():
                self._begin_anew(from_the_start=isinstance(event, JobReopened))
            case _:
                self._finish(event)

    def _enter(self, state: State, *, due_at: datetime | None) -> None:
        self.state = state
        self.due_at = due_at

    def _note(self, failure: Failure) -> None:
        self.failure = failure
        self.reason = failure.reason

    def _begin(self, event: StepStarted) -> None:
        self._enter(State.RUNNING, due_at=event.deadline_at)
        self.tries = self.tries + 1 if event.step is self.step else 1
        self.step = event.step
        self.attempts[event.step] = event.attempt
        self.dispatches = self.rejections = 0
        self.started_at = self.started_at or event.at

    def _begin_anew(self, *, from_the_start: bool) -> None:
        self._enter(State.PENDING, due_at=None)
        self.tries = self.dispatches = self.rejections = 0
        self.reason = self.failure = self.finished_at = self.superseded_by = None
        if from_the_start:
            self.step = Step.ANALYZE
            self.outcome = self.analyzed_at = self.started_at = None

    def _finish(
        self, event: JobCompleted | JobFailed | JobSkipped | JobSuperseded | JobCancelled
    ) -> None:
        self.finished_at = event.at
        match event:
            case JobCompleted():
                self._enter(State.COMPLETED, due_at=None)
                self.comments_published = event.comments_published
                self.reason = self.failure = None
            case JobFailed():
                self._enter(State.FAILED, due_at=None)
                self._note(event.failure)
            case JobSkipped():
                self._enter(State.SKIPPED, due_at=None)
                self.reason = event.reason
            case JobSuperseded():
                self._enter(State.SUPERSEDED, due_at=None)
                self.superseded_by = event.superseded_by
                self.reason = "superseded"
            case JobCancelled():
                self._enter(State.CANCELLED, due_at=None)
                self.reason = event.reason
            case _:
                assert_never(event)
