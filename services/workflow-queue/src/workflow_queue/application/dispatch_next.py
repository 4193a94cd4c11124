from collections.abc import Callable
from dataclasses import dataclass

from workflow_queue.application.ports import Begin, ConcurrentUpdate, Now
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.fair_share import Limits, choose
from workflow_queue.domain.pull_request import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchNextHandler:
    """Start the next job alone; one that cannot be started fails visibly and holds nobody up."""

    begin: Begin
    limits: Limits
    policy: Policy
    now: Now
    is_unavailable: Callable[[BaseException], bool]

    async def __call__(self) -> int:
        """How many were started or given up."""
        chosen: list[JobId] = []
        try:
            async with self.begin() as tx:
                now = self.now()
                chosen = choose(await tx.waiting(now=now, most=1), limits=self.limits)[:1]
                for job in await tx.jobs.get_many(chosen):
                    job.start(now=now, policy=self.policy)
        except Exception as problem:
            if isinstance(problem, ConcurrentUpdate) or self.is_unavailable(problem) or not chosen:
                raise
            async with self.begin() as tx:
                for job in await tx.jobs.get_many(chosen):
                    job.give_up(reason=f"{type(problem).__name__}: {problem}", now=self.now())
        return len(chosen)
