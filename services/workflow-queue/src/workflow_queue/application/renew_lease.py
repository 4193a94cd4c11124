"""Heartbeats of the workers, and what is done while they cannot be heard."""

from dataclasses import dataclass

from workflow_queue.application.ports import Leases, Now, Verdict
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.job_events import Step
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewLease:
    job_id: JobId
    step: Step
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewLeaseHandler:
    """No inbox: a heartbeat that comes twice says nothing new."""

    leases: Leases
    policy: Policy
    now: Now

    async def __call__(self, command: RenewLease) -> Verdict:
        lease = Lease(
            step=command.step, attempt=command.attempt, until=self.now() + self.policy.lease
        )
        renewed = await self.leases.renew(command.job_id, lease)
        return Verdict.ACCEPTED if renewed else Verdict.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class ProlongLeasesHandler:
    """While nobody can be heard, nobody is given up: the silence is ours."""

    leases: Leases
    policy: Policy
    now: Now

    async def __call__(self) -> None:
        now = self.now()
        await self.leases.prolong(before=now + self.policy.lease / 2, until=now + self.policy.lease)
