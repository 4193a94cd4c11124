from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from workflow_queue.application.once import once
from workflow_queue.application.ports import Begin, Held, NewId, Now, Transaction, Verdict
from workflow_queue.application.start_at_once import StartAtOnce
from workflow_queue.domain.orchestrator import ReviewRequest, WorkflowOrchestrator
from workflow_queue.domain.pull_request import IdempotencyKey, JobId, PullRequest


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

    @property
    def key(self) -> IdempotencyKey:
        of = self.pull_request
        return IdempotencyKey(ref=of.ref, head_sha=of.head_sha, trigger=self.trigger)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReviewHandler:
    begin: Begin
    orchestrator: WorkflowOrchestrator
    now: Now
    new_id: NewId
    start_at_once: StartAtOnce

    @once
    async def __call__(self, command: CommandReview) -> Verdict:
        async with self.begin() as tx:
            tx.claim(command.message_id, consumer="command_review")
            held = await tx.hold(command.pull_request.ref, key=command.key)
            match command.wish:
                case Wish.PAUSE:
                    held.followed.pause()
                case Wish.RESUME:
                    held.followed.resume()
                case Wish.REVIEW:
                    return await self._review(command, held, tx)
        return Verdict.ACCEPTED

    async def _review(self, command: CommandReview, held: Held, tx: Transaction) -> Verdict:
        if held.known is not None:
            return Verdict.DUPLICATE
        newest = await tx.jobs.get(held.followed.job_id) if held.followed.job_id else None
        job = self.orchestrator.command(
            ReviewRequest(pull_request=command.pull_request, trigger=command.trigger, draft=False),
            followed=held.followed,
            newest=newest,
            active=held.active,
            new_id=JobId(self.new_id()),
            now=self.now(),
        )
        if job is not None:
            tx.jobs.add(job)
            await self.start_at_once(job, tx)
        return Verdict.ACCEPTED
