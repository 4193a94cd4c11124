"""Bring the code host's checks to what they should say."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

from platform_integration.application.ports import (
    Begin,
    CannotOpen,
    HostAway,
    HostRateLimited,
    HostRefused,
    NotFound,
    Now,
    OpenHost,
    Transaction,
)
from platform_integration.domain.check_run import CheckRun
from platform_integration.domain.integration import Integration, Repository

BATCH = 20
LEASE = timedelta(seconds=60)
# A check is a courtesy: after this many refusals nobody is helped by another try.
MAXIMUM_REFUSALS = 8
Place: TypeAlias = tuple[Repository, Integration]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportChecksHandler:
    begin: Begin
    open_host: OpenHost
    now: Now

    async def __call__(self) -> int:
        """Report a batch of what is due; how many were due."""
        async with self.begin() as tx:
            due = await tx.check_runs.due(self.now(), self.now() + LEASE, BATCH)
            places = [await _place(tx, check) for check in due]
        for check, place in zip(due, places, strict=True):
            await self._settle(await self._report(check, place))
        return len(due)

    async def _report(self, check: CheckRun, place: Place | None) -> CheckRun:
        """The check as it is after the try."""
        if place is None:
            return check.postponed(self.now())
        repository, integration = place
        try:
            host_id = await self.open_host(integration).report_check(repository.full_name, check)
        except HostRateLimited as problem:
            return check.postponed(self.now(), problem.retry_at)
        except (HostAway, HostRefused) as problem:
            given_up = isinstance(problem, HostRefused) and check.attempts >= MAXIMUM_REFUSALS
            return replace(check.postponed(self.now()), reported=given_up)
        return replace(check, host_id=host_id, reported=True, next_attempt_at=None)

    async def _settle(self, after: CheckRun) -> None:
        async with self.begin() as tx:
            if await tx.check_runs.settle(after):
                return
            current = await tx.check_runs.get(after.repository_id, after.head_sha)
            if current is not None:
                # It has to say something newer already: only the host's id is worth keeping.
                await tx.check_runs.put(
                    replace(current, host_id=after.host_id, next_attempt_at=None)
                )


async def _place(tx: Transaction, check: CheckRun) -> Place | None:
    """Where to report it, unless that is connected no more, or nobody can open its secrets now."""
    try:
        return await tx.connections.repository(check.repository_id)
    except (NotFound, CannotOpen):
        return None
