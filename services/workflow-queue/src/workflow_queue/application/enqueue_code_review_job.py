from dataclasses import dataclass
from uuid import UUID

from workflow_queue.application.once import once
from workflow_queue.application.ports import Begin, NewId, Now, Verdict
from workflow_queue.application.start_at_once import StartAtOnce
from workflow_queue.domain.orchestrator import ReviewRequest, WorkflowOrchestrator
from workflow_queue.domain.pull_request import IdempotencyKey, JobId, PullRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueCodeReviewJob:
    message_id: UUID
    pull_request: PullRequest
    trigger: str
    draft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueCodeReviewJobHandler:
    begin: Begin
    orchestrator: WorkflowOrchestrator
    now: Now
    new_id: NewId
    start_at_once: StartAtOnce

    @once
    async def __call__(self, command: EnqueueCodeReviewJob) -> Verdict:
        pull_request = command.pull_request
        key = IdempotencyKey(
            ref=pull_request.ref, head_sha=pull_request.head_sha, trigger=command.trigger
        )
        async with self.begin() as tx:
            tx.claim(command.message_id, consumer="enqueue_code_review_job")
            held = await tx.hold(pull_request.ref, key=key)
            job = self.orchestrator.request(
                ReviewRequest(
                    pull_request=pull_request, trigger=command.trigger, draft=command.draft
                ),
                followed=held.followed,
                known=held.known,
                active=held.active,
                new_id=JobId(self.new_id()),
                now=self.now(),
            )
            if job is None:
                return Verdict.DUPLICATE
            tx.jobs.add(job)
            await self.start_at_once(job, tx)
        return Verdict.ACCEPTED
