from dataclasses import dataclass
from uuid import UUID

from workflow_queue.application.ports import Begin, Jitter, JobNotFound, Now, Verdict
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.job import StaleReport
from workflow_queue.domain.pull_request import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectDispatch:
    """The message that should have started the job's next step is a dead letter."""

    message_id: UUID
    job_id: JobId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectDispatchHandler:
    begin: Begin
    policy: Policy
    now: Now
    jitter: Jitter

    async def __call__(self, command: RejectDispatch) -> Verdict:
        async with self.begin() as tx:
            if not await tx.first_time(command.message_id, consumer="reject_dispatch"):
                return Verdict.DUPLICATE
            try:
                job = await tx.jobs.get(command.job_id)
                job.reject_dispatch(
                    reason=command.reason,
                    jitter=self.jitter(),
                    now=self.now(),
                    policy=self.policy,
                )
            except (StaleReport, JobNotFound):
                return Verdict.REFUSED
        return Verdict.ACCEPTED
