from dataclasses import dataclass

from workflow_queue.application.ports import Begin, JobNotFound, Now
from workflow_queue.domain.orchestrator import WorkflowOrchestrator
from workflow_queue.domain.pull_request import JobId, OrganizationId


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJob:
    organization_id: OrganizationId
    job_id: JobId
    requested_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJobHandler:
    begin: Begin
    orchestrator: WorkflowOrchestrator
    now: Now

    async def __call__(self, command: RetryJob) -> None:
        async with self.begin() as tx:
            job = await tx.jobs.get(command.job_id)
            ref = job.pull_request.ref
            if ref.organization_id != command.organization_id:
                raise JobNotFound(command.job_id)
            held = await tx.hold(ref)
            self.orchestrator.retry(
                job,
                followed=held.followed,
                active=held.active,
                requested_by=command.requested_by,
                now=self.now(),
            )
