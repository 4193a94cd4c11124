"""The life of one review job: what may happen to it, and what follows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self, assert_never

from workflow_queue.domain.failure import Failure, Policy, transient
from workflow_queue.domain.job_events import (
    AnalysisCompleted,
    DeadlineMoved,
    DispatchRejected,
    JobCancelled,
    JobCompleted,
    JobCreated,
    JobDispatched,
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
class WorkflowJob(JobState):
    """Its `attempts` only ever grow, so that no late result passes for a new one."""

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

    def dispatch(self, *, now: datetime, policy: Policy) -> None:
        dispatches = self.dispatches + 1
        deadline = policy.dispatch_expires_at(dispatches=dispatches, now=now)
        self._record(
            JobDispatched(step=self.step, dispatch=dispatches, deadline_at=deadline, at=now)
        )

    def reject_dispatch(self, *, reason: str, jitter: float, now: datetime, policy: Policy) -> None:
        """Workers that cannot take the job make it fail, visibly, after a few times."""
        self._require_dispatched()
        self._record(DispatchRejected(reason=reason, at=now))
        failure, tries = transient(reason), self.rejections
        self._give_up_or_retry(
            Step.DISPATCH, failure, tries=tries, jitter=jitter, now=now, policy=policy
        )

    def start(self, *, now: datetime, policy: Policy) -> None:
        self._require_dispatched()
        waits = policy.start_deadline if self.step is Step.ANALYZE else policy.publish_deadline
        self._record(
            StepStarted(step=self.step, attempt=self.attempt + 1, deadline_at=now + waits, at=now)
        )

    def analysis_started(self, *, attempt: int, now: datetime, policy: Policy) -> None:
        self._require_current(Step.ANALYZE, attempt)
        deadline = now + policy.analyze_deadline
        self._record(
            DeadlineMoved(step=Step.ANALYZE, attempt=attempt, deadline_at=deadline, at=now)
        )

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
        self._give_up_or_retry(
            step, failure, tries=self.tries, jitter=jitter, now=now, policy=policy
        )

    def is_held_by(self, lease: Lease) -> bool:
        return self.state is State.RUNNING and lease.is_of(self.step, self.attempt)

    def is_lost(self, lease: Lease | None, *, now: datetime) -> bool:
        """Whether its worker is silent; one that never gave a sign of life has its deadline."""
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
            self._give_up_or_retry(
                self.step, late, tries=self.tries, jitter=jitter, now=now, policy=policy
            )
        elif self.state is State.PENDING and self.dispatches >= policy.max_dispatches:
            tries, nobody = self.dispatches, transient("no worker took the job")
            self._record(JobFailed(step=Step.DISPATCH, attempts=tries, failure=nobody, at=now))
        else:
            self.dispatch(now=now, policy=policy)

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

    def _lose_lease(self, *, now: datetime, policy: Policy) -> None:
        """Back at once: the worker is gone, and waiting makes nothing better."""
        reason = f"the worker of {self.step} gave no sign of life"
        tries = self.tries
        self._record(LeaseLost(step=self.step, attempt=self.attempt, reason=reason, at=now))
        if tries >= policy.max_attempts:
            failure = transient(f"{reason}, at the last of {tries} tries")
            self._record(JobFailed(step=self.step, attempts=tries, failure=failure, at=now))

    def _give_up_or_retry(
        self,
        step: Step,
        failure: Failure,
        *,
        tries: int,
        jitter: float,
        now: datetime,
        policy: Policy,
    ) -> None:
        retry_at = policy.retry_at(failure, tries=tries, jitter=jitter, now=now)
        if retry_at is None:
            self._record(JobFailed(step=step, attempts=tries, failure=failure, at=now))
            return
        self._record(
            JobRetryScheduled(
                step=step,
                attempt=self.attempt if step is self.step else tries,
                failure=failure,
                retry_at=retry_at,
                at=now,
            )
        )

    def _require_report(self, expected: State) -> None:
        if self.state is not expected:
            raise StaleReport(f"job {self.id} is {self.state}, not {expected}")

    def _require_dispatched(self) -> None:
        self._require_report(State.PENDING)
        if self.waits:
            raise StaleReport(f"job {self.id} was not handed over since it was asked for anew")

    def _require_current(self, step: Step, attempt: int) -> None:
        self._require_report(State.RUNNING)
        if (step, attempt) != (self.step, self.attempt):
            raise StaleReport(
                f"job {self.id} is at {self.step} {self.attempt}, not at {step} {attempt}"
            )

    def _require_active(self) -> None:
        if not self.is_active:
            raise IllegalTransition(f"job {self.id} is {self.state} already")
