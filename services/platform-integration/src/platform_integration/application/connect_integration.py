"""Connect a code host."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from platform_integration.application.ports import Begin, NewId, Now
from platform_integration.domain.integration import Integration, Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectIntegration:
    organization_id: UUID
    platform: str
    name: str
    api_url: str
    secrets: Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectIntegrationHandler:
    begin: Begin
    allow_address: Callable[[str], Awaitable[None]]
    now: Now
    new_id: NewId

    async def __call__(self, command: ConnectIntegration) -> Integration:
        """Raise HostNotAllowed for an address inside a private network."""
        api_url = command.api_url.rstrip("/")
        await self.allow_address(api_url)
        integration = Integration(
            id=self.new_id(),
            organization_id=command.organization_id,
            platform=command.platform,
            name=command.name,
            api_url=api_url,
            secrets=command.secrets,
            created_at=self.now(),
        )
        async with self.begin() as tx:
            await tx.connections.add_integration(integration)
        return integration
