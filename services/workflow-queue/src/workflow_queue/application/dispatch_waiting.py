from dataclasses import dataclass

from workflow_queue.application.ports import Begin, Now
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.fair_share import Limits, choose

# A transaction is as long as this many jobs take.
BATCH = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchWaitingHandler:
    """Hand the next jobs to workers, as many as have room; only one may do so at a time."""

    begin: Begin
    limits: Limits
    policy: Policy
    now: Now

    async def __call__(self) -> int:
        """How many were handed over."""
        async with self.begin() as tx:
            now = self.now()
            lines, shares = await tx.waiting(now=now, most=BATCH)
            chosen = choose(lines, shares=shares, limits=self.limits)[:BATCH]
            for job_id in chosen:
                job = await tx.jobs.get(job_id)
                job.dispatch(now=now, policy=self.policy)
        return len(chosen)
