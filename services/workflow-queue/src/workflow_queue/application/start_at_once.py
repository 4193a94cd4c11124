from dataclasses import dataclass

from workflow_queue.application.ports import Now, Transaction
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.fair_share import Limits, has_room
from workflow_queue.domain.job import WorkflowJob


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAtOnce:
    """A job for which there is room, and that nobody waits before, starts as it is made."""

    limits: Limits
    policy: Policy
    now: Now

    async def __call__(self, job: WorkflowJob, tx: Transaction) -> None:
        if not job.waits:
            return
        now = self.now()
        in_flight = await tx.in_flight_if_free(job, now=now)
        if in_flight is not None and has_room(in_flight, limits=self.limits):
            job.start(now=now, policy=self.policy)
