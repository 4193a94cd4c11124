"""Bring the code host's checks to what they should say."""

from dataclasses import dataclass, replace
from datetime import timedelta

from platform_integration.application.ports import (
    Begin,
    HostAway,
    HostRateLimited,
    HostRefused,
    NotFound,
    Now,
    OpenHost,
)
from platform_integration.domain.check_run import CheckRun

BATCH = 20
LEASE = timedelta(seconds=60)
# A check is a courtesy: after this many refusals nobody is helped by another try.
MAXIMUM_REFUSALS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportChecksHandler:
    begin: Begin
    open_host: OpenHost
    now: Now

    async def __call__(self) -> int:
        """Report a batch of what is due; how many were due."""
        async with self.begin() as tx:
            due = await tx.check_runs.due(self.now(), self.now() + LEASE, BATCH)
        for check in due:
            await self._report(check)
        return len(due)

    async def _report(self, check: CheckRun) -> None:
        try:
            async with self.begin() as tx:
                repository, integration = await tx.connections.repository(check.repository_id)
            host_id = await self.open_host(integration).report_check(repository.full_name, check)
            after = replace(check, host_id=host_id, reported=True, next_attempt_at=None)
        except HostRateLimited as problem:
            after = check.postponed(self.now(), problem.retry_at)
        except (HostAway, HostRefused, NotFound) as problem:
            given_up = isinstance(problem, HostRefused) and check.attempts >= MAXIMUM_REFUSALS
            after = replace(check.postponed(self.now()), reported=given_up)
        async with self.begin() as tx:
            current = await tx.check_runs.get(check.repository_id, check.head_sha)
            if current is None:
                return
            if (current.said_by, current.sequence) != (check.said_by, check.sequence):
                # It has to say something newer already: only the host's id is worth keeping.
                after = replace(current, host_id=after.host_id, next_attempt_at=None)
            await tx.check_runs.put(after)
