"""The timer's work: steps past their deadline, and lost workers."""

from dataclasses import dataclass

from workflow_queue.application.ports import Begin, Jitter, Now
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.pull_request import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchDue:
    job_id: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchDueHandler:
    begin: Begin
    policy: Policy
    now: Now
    jitter: Jitter

    async def __call__(self, command: DispatchDue) -> None:
        async with self.begin() as tx:
            job = await tx.jobs.get(command.job_id)
            job.wake(
                lease=await tx.lease(job.id),
                jitter=self.jitter(),
                now=self.now(),
                policy=self.policy,
            )
