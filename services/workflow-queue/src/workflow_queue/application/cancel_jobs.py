from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow_queue.application.once import once
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

    @once
    async def __call__(self, command: CancelJobs) -> Verdict:
        async with self.begin() as tx:
            tx.claim(command.message_id, consumer="cancel_jobs")
            held = await tx.hold(command.ref)
            self.orchestrator.close(
                followed=held.followed,
                active=held.active,
                updated_at=command.updated_at,
                now=self.now(),
            )
        return Verdict.ACCEPTED
