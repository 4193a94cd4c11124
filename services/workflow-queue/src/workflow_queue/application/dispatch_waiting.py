from dataclasses import dataclass

from workflow_queue.application.ports import Begin, Now
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.fair_share import Limits, choose

# A transaction is as long as this many jobs take.
BATCH = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchWaitingHandler:
    """Start the next jobs, as many as have room, all together or none."""

    begin: Begin
    limits: Limits
    policy: Policy
    now: Now

    async def __call__(self) -> int:
        """How many were started."""
        async with self.begin() as tx:
            now = self.now()
            chosen = choose(await tx.waiting(now=now, most=BATCH), limits=self.limits)[:BATCH]
            for job in await tx.jobs.get_many(chosen):
                job.start(now=now, policy=self.policy)
        return len(chosen)
