from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow_queue.application.ports import Begin, Now, Verdict
from workflow_queue.domain.orchestrator import WorkflowOrchestrator
from workflow_queue.domain.pull_request import PullRequestRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJobs:
    """The pull request was closed."""

    message_id: UUID
    ref: PullRequestRef
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJobsHandler:
    begin: Begin
    orchestrator: WorkflowOrchestrator
    now: Now

    async def __call__(self, command: CancelJobs) -> Verdict:
        async with self.begin() as tx:
            if not await tx.first_time(command.message_id, consumer="cancel_jobs"):
                return Verdict.DUPLICATE
            followed = await tx.lock(command.ref)
            self.orchestrator.close(
                followed=followed,
                active=await tx.jobs.active(command.ref),
                updated_at=command.updated_at,
                now=self.now(),
            )
        return Verdict.ACCEPTED
