"""The results of a job's steps, as the services that did them report them."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never
from uuid import UUID

from workflow_queue.application.once import once
from workflow_queue.application.ports import (
    Begin,
    Jitter,
    Now,
    PublishPayload,
    Transaction,
    Verdict,
)
from workflow_queue.domain.failure import Failure, Policy
from workflow_queue.domain.job import StaleReport
from workflow_queue.domain.job_events import StageTime, Step
from workflow_queue.domain.pull_request import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCompleted:
    attempt: int
    outcome: str
    findings: int
    payload: PublishPayload
    stages: tuple[StageTime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPublished:
    attempt: int
    comments_published: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed:
    step: Step
    attempt: int
    failure: Failure


StepReport: TypeAlias = ReviewCompleted | ReviewPublished | StepFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateJobStatus:
    message_id: UUID
    job_id: JobId
    report: StepReport


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateJobStatusHandler:
    begin: Begin
    policy: Policy
    now: Now
    jitter: Jitter

    @once
    async def __call__(self, command: UpdateJobStatus) -> Verdict:
        async with self.begin() as tx:
            tx.claim(command.message_id, consumer="update_job_status")
            try:
                await self._apply(command, tx)
            except StaleReport:
                return Verdict.REFUSED
        return Verdict.ACCEPTED

    async def _apply(self, command: UpdateJobStatus, tx: Transaction) -> None:
        job = await tx.jobs.get(command.job_id)
        now = self.now()
        match command.report:
            case ReviewCompleted(attempt=attempt, outcome=outcome, findings=findings) as review:
                job.complete_analysis(
                    attempt=attempt,
                    outcome=outcome,
                    findings=findings,
                    stages=review.stages,
                    now=now,
                    policy=self.policy,
                )
                tx.keep_payload(job.id, review.payload)
            case ReviewPublished(attempt=attempt, comments_published=comments):
                job.complete_publication(attempt=attempt, comments_published=comments, now=now)
            case StepFailed(step=step, attempt=attempt, failure=failure):
                job.fail_step(
                    step=step,
                    attempt=attempt,
                    failure=failure,
                    jitter=self.jitter(),
                    now=now,
                    policy=self.policy,
                )
            case _:
                assert_never(command.report)
