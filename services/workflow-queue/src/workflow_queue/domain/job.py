"""The life of one review job, rebuilt from what happened to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self, assert_never

from workflow_queue.domain.failure import Failure, Policy, permanent, transient
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
    StageTime,
    Step,
    StepStarted,
)
from workflow_queue.domain.job_state import ACTIVE, STOPPED, State
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import IdempotencyKey, JobId, PullRequest


class IllegalTransition(Exception):
    pass


class StaleReport(Exception):
    """A message about something that is no longer, or not yet, so: refused, and no defect."""


@dataclass(slots=True, kw_only=True, eq=False)
class WorkflowJob:
    """`attempts` only ever grow, so that no late result passes for a new one."""

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
    def create(
        cls,
        *,
        job_id: JobId,
        pull_request: PullRequest,
        trigger: str,
        priority: Priority = Priority.AUTOMATIC,
        now: datetime,
    ) -> Self:
        created = JobCreated(
            job_id=job_id, pull_request=pull_request, trigger=trigger, priority=priority, at=now
        )
        job = cls._born(created)
        job.recorded.append(created)
        return job

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

    def start(self, *, now: datetime, policy: Policy) -> None:
        """Raise StaleReport unless it waits, and for nothing but its turn."""
        if not self.waits or (self.due_at is not None and now < self.due_at):
            raise StaleReport(f"job {self.id} is {self.state} and does not wait for its turn")
        self._start(now=now, policy=policy)

    def start_dispatched(self, *, now: datetime, policy: Policy) -> None:
        """A former release handed it over by a message of its own; raise StaleReport if not."""
        if self.state is not State.PENDING or self.waits:
            raise StaleReport(f"job {self.id} was not handed over since it was asked for anew")
        self._start(now=now, policy=policy)

    def give_up(self, *, reason: str, now: datetime) -> None:
        """It cannot be started, by nobody's fault but ours: visible, and retried by hand."""
        self._require_active()
        failure = permanent(reason)
        self._record(JobFailed(step=Step.DISPATCH, attempts=1, failure=failure, at=now))

    def complete_analysis(
        self,
        *,
        attempt: int,
        outcome: str,
        findings: int,
        stages: tuple[StageTime, ...] = (),
        now: datetime,
        policy: Policy,
    ) -> None:
        self._require_current(Step.ANALYZE, attempt)
        self._record(
            AnalysisCompleted(
                attempt=attempt, outcome=outcome, findings=findings, stages=stages, at=now
            )
        )
        self._record(
            StepStarted(
                step=Step.PUBLISH,
                attempt=self.attempts.get(Step.PUBLISH, 0) + 1,
                deadline_at=now + policy.publish_deadline,
                at=now,
            )
        )

    def complete_publication(self, *, attempt: int, comments_published: int, now: datetime) -> None:
        self._require_current(Step.PUBLISH, attempt)
        self._record(
            JobCompleted(
                attempt=attempt,
                outcome=self.outcome or "complete",
                comments_published=comments_published,
                at=now,
            )
        )

    def fail_step(
        self,
        *,
        step: Step,
        attempt: int,
        failure: Failure,
        jitter: float,
        now: datetime,
        policy: Policy,
    ) -> None:
        self._require_current(step, attempt)
        self._give_up_or_retry(failure, jitter=jitter, now=now, policy=policy)

    def is_held_by(self, lease: Lease) -> bool:
        return self.state is State.RUNNING and lease.is_of(self.step, self.attempt)

    def is_lost(self, lease: Lease | None, *, now: datetime) -> bool:
        """Whether its worker is silent; one that never sent a heartbeat has its deadline."""
        return lease is not None and self.is_held_by(lease) and lease.until <= now

    def wake(
        self, *, lease: Lease | None = None, jitter: float, now: datetime, policy: Policy
    ) -> None:
        """Act on a deadline that passed or a lease that ran out; nothing when it is too early."""
        if self.is_lost(lease, now=now):
            self._lose_lease(now=now, policy=policy)
            return
        if self.waits or self.due_at is None or now < self.due_at:
            return
        if self.state is State.RUNNING:
            late = transient(f"deadline of {self.step} passed")
            self._give_up_or_retry(late, jitter=jitter, now=now, policy=policy)
        else:
            self.start_dispatched(now=now, policy=policy)

    def skip(self, *, reason: str, now: datetime) -> None:
        self._require_active()
        self._record(JobSkipped(reason=reason, at=now))

    def supersede(self, *, by: JobId, now: datetime) -> None:
        self._require_active()
        self._record(JobSuperseded(superseded_by=by, at=now))

    def cancel(self, *, reason: str, now: datetime) -> None:
        self._require_active()
        self._record(JobCancelled(reason=reason, at=now))

    def retry(self, *, requested_by: str, now: datetime) -> None:
        if self.state is not State.FAILED:
            raise IllegalTransition(f"job {self.id} is {self.state}, not failed")
        self._record(JobRetried(requested_by=requested_by, at=now))

    def reopen(self, *, now: datetime) -> None:
        if self.state not in STOPPED:
            raise IllegalTransition(f"job {self.id} is {self.state}, not stopped")
        self._record(JobReopened(at=now))

    def _start(self, *, now: datetime, policy: Policy) -> None:
        lasts = policy.analyze_deadline if self.step is Step.ANALYZE else policy.publish_deadline
        self._record(
            StepStarted(step=self.step, attempt=self.attempt + 1, deadline_at=now + lasts, at=now)
        )

    def _lose_lease(self, *, now: datetime, policy: Policy) -> None:
        """Back at once: the worker is gone, and waiting makes nothing better."""
        reason = f"the worker of {self.step} sent no heartbeat"
        tries = self.tries
        self._record(LeaseLost(step=self.step, attempt=self.attempt, reason=reason, at=now))
        if tries >= policy.max_attempts:
            failure = transient(f"{reason}, at the last of {tries} tries")
            self._record(JobFailed(step=self.step, attempts=tries, failure=failure, at=now))

    def _give_up_or_retry(
        self, failure: Failure, *, jitter: float, now: datetime, policy: Policy
    ) -> None:
        retry_at = policy.retry_at(failure, tries=self.tries, jitter=jitter, now=now)
        if retry_at is None:
            self._record(JobFailed(step=self.step, attempts=self.tries, failure=failure, at=now))
            return
        self._record(
            JobRetryScheduled(
                step=self.step, attempt=self.attempt, failure=failure, retry_at=retry_at, at=now
            )
        )

    def _require_report(self, expected: State) -> None:
        if self.state is not expected:
            raise StaleReport(f"job {self.id} is {self.state}, not {expected}")

    def _require_current(self, step: Step, attempt: int) -> None:
        self._require_report(State.RUNNING)
        if (step, attempt) != (self.step, self.attempt):
            raise StaleReport(
                f"job {self.id} is at {self.step} {self.attempt}, not at {step} {attempt}"
            )

    def _require_active(self) -> None:
        if not self.is_active:
            raise IllegalTransition(f"job {self.id} is {self.state} already")

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
            case DispatchRejected():
                pass
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
        self.started_at = self.started_at or event.at

    def _begin_anew(self, *, from_the_start: bool) -> None:
        self._enter(State.PENDING, due_at=None)
        self.tries = 0
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
