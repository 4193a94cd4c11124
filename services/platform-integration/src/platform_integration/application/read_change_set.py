"""Give another service the diff and the files of a change set."""

from dataclasses import dataclass

from platform_integration.application.ports import Begin, NotFound, OpenHost
from platform_integration.domain.change_set import ChangeSet, ChangeSetId, UnknownChangeSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadChangeSetHandler:
    begin: Begin
    open_host: OpenHost

    async def __call__(self, change_set_id: str) -> ChangeSet:
        """Raise UnknownChangeSet, or what the code host says."""
        wanted = ChangeSetId.parse(change_set_id)
        async with self.begin() as tx:
            try:
                repository, integration = await tx.connections.repository(wanted.repository_id)
            except NotFound as problem:
                raise UnknownChangeSet(f"{change_set_id!r}: no such repository") from problem
        return await self.open_host(integration).change_set(wanted, repository.full_name)
