from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from workflow_queue.application.ports import Begin, NewId, Now, Transaction, Verdict
from workflow_queue.application.start_at_once import StartAtOnce
from workflow_queue.domain.orchestrator import ReviewRequest, WorkflowOrchestrator
from workflow_queue.domain.pull_request import (
    FollowedPullRequest,
    IdempotencyKey,
    JobId,
    PullRequest,
)


class Wish(StrEnum):
    REVIEW = "review"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReview:
    """Somebody asked in a comment; `request_id` tells one comment from another."""

    message_id: UUID
    request_id: str
    pull_request: PullRequest
    wish: Wish

    @property
    def trigger(self) -> str:
        # Each comment is a request of its own, also about a head that was reviewed before.
        return f"command:{self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReviewHandler:
    begin: Begin
    orchestrator: WorkflowOrchestrator
    now: Now
    new_id: NewId
    start_at_once: StartAtOnce

    async def __call__(self, command: CommandReview) -> Verdict:
        async with self.begin() as tx:
            if not await tx.first_time(command.message_id, consumer="command_review"):
                return Verdict.DUPLICATE
            followed = await tx.lock(command.pull_request.ref)
            match command.wish:
                case Wish.PAUSE:
                    followed.pause()
                case Wish.RESUME:
                    followed.resume()
                case Wish.REVIEW:
                    return await self._review(command, followed, tx)
        return Verdict.ACCEPTED

    async def _review(
        self, command: CommandReview, followed: FollowedPullRequest, tx: Transaction
    ) -> Verdict:
        pull_request, trigger = command.pull_request, command.trigger
        key = IdempotencyKey(ref=pull_request.ref, head_sha=pull_request.head_sha, trigger=trigger)
        if await tx.jobs.find(key) is not None:
            return Verdict.DUPLICATE
        newest = await tx.jobs.get(followed.job_id) if followed.job_id else None
        job = self.orchestrator.command(
            ReviewRequest(pull_request=pull_request, trigger=trigger, draft=False),
            followed=followed,
            newest=newest,
            active=await tx.jobs.active(pull_request.ref),
            new_id=JobId(self.new_id()),
            now=self.now(),
        )
        if job is not None:
            tx.jobs.add(job)
            await self.start_at_once(job, tx)
        return Verdict.ACCEPTED
