"""Connect a repository, after its code host has shown it to us."""

from dataclasses import dataclass
from uuid import UUID

from platform_integration.application.ports import Begin, NewId, Now, OpenHost
from platform_integration.domain.integration import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRepository:
    organization_id: UUID
    integration_id: UUID
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRepositoryHandler:
    begin: Begin
    open_host: OpenHost
    now: Now
    new_id: NewId

    async def __call__(self, command: ConnectRepository) -> Repository:
        """Raise NotFound, AlreadyConnected, or what the code host says."""
        async with self.begin() as tx:
            integration = await tx.connections.integration(
                command.integration_id, command.organization_id
            )
        found = await self.open_host(integration).repository(command.full_name)
        repository = Repository(
            id=self.new_id(),
            organization_id=command.organization_id,
            integration_id=integration.id,
            full_name=found.full_name,
            host_id=found.host_id,
            created_at=self.now(),
        )
        async with self.begin() as tx:
            await tx.connections.add_repository(repository)
        return repository
