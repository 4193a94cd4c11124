from dataclasses import dataclass
from uuid import UUID

from workflow_queue.application.once import once
from workflow_queue.application.ports import Begin, Now, Verdict
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.job import StaleReport
from workflow_queue.domain.pull_request import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessWorkflowJob:
    """A dispatcher of a former release asks for it; ours starts jobs itself (ADR 19)."""

    message_id: UUID
    job_id: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessWorkflowJobHandler:
    begin: Begin
    policy: Policy
    now: Now

    @once
    async def __call__(self, command: ProcessWorkflowJob) -> Verdict:
        async with self.begin() as tx:
            tx.claim(command.message_id, consumer="process_workflow_job")
            job = await tx.jobs.get(command.job_id)
            try:
                job.start_dispatched(now=self.now(), policy=self.policy)
            except StaleReport:
                return Verdict.REFUSED
        return Verdict.ACCEPTED
