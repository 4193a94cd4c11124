"""Find out which head a command in a comment is about, and tell who reviews."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from platform_integration.application.ports import (
    Begin,
    HostAway,
    HostNotFound,
    HostPullRequest,
    HostRateLimited,
    NotFound,
    Now,
    OpenHost,
    ResolveCommand,
    ReviewCommanded,
)
from platform_integration.domain.integration import Repository

CONSUMER = "resolve_command"
# With doubled pauses this is half an hour without a code host; then a person should look.
MAXIMUM_ATTEMPTS = 12
RETRY_BASE = timedelta(seconds=2)
RETRY_LIMIT = timedelta(minutes=10)


class Resolution(StrEnum):
    """What became of a command, for the edge to log."""

    TOLD = "told"
    POSTPONED = "postponed"
    CLOSED = "closed"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveCommandHandler:
    begin: Begin
    open_host: OpenHost
    now: Now

    async def __call__(self, command: ResolveCommand) -> Resolution:
        """Raise what the code host says when asking it again does not help, or no more."""
        try:
            repository, found = await self._found(command)
        except (HostNotFound, NotFound):
            return Resolution.NOT_FOUND
        except HostRateLimited as problem:
            return await self._postpone(command, problem, not_before=problem.retry_at)
        except HostAway as problem:
            return await self._postpone(command, problem, not_before=self.now())
        if found.closed:
            return Resolution.CLOSED
        async with self.begin() as tx:
            if not await tx.first_time(command.message_id, consumer=CONSUMER):
                return Resolution.DUPLICATE
            tx.tell(
                ReviewCommanded(
                    organization_id=command.organization_id,
                    integration_id=repository.integration_id,
                    repository_id=repository.id,
                    repository_full_name=repository.full_name,
                    number=command.pull_request_number,
                    pull_request=found,
                    command=command.command,
                    commanded_by=command.commanded_by,
                    delivery_id=command.delivery_id,
                    at=self.now(),
                )
            )
        return Resolution.TOLD

    async def _found(self, command: ResolveCommand) -> tuple[Repository, HostPullRequest]:
        async with self.begin() as tx:
            repository, integration = await tx.connections.repository(command.repository_id)
        host = self.open_host(integration)
        return repository, await host.pull_request(
            repository.full_name, command.pull_request_number
        )

    async def _postpone(
        self, command: ResolveCommand, problem: Exception, *, not_before: datetime
    ) -> Resolution:
        if command.attempt >= MAXIMUM_ATTEMPTS:
            raise problem
        pause = min(RETRY_BASE * 2 ** (command.attempt - 1), RETRY_LIMIT)
        async with self.begin() as tx:
            if not await tx.first_time(command.message_id, consumer=CONSUMER):
                return Resolution.DUPLICATE
            tx.ask_again(command, at=max(not_before, self.now() + pause))
        return Resolution.POSTPONED
