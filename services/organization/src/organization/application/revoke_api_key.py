"""A key that opens nothing any more."""

from dataclasses import dataclass
from uuid import UUID

from organization.application.ports import Begin, Now
from organization.domain.account import Role, require


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey:
    organization_id: UUID
    by: Role
    key_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKeyHandler:
    begin: Begin
    now: Now

    async def __call__(self, command: RevokeApiKey) -> None:
        """Raise NotAllowed or NoSuchKey; revoking again changes nothing."""
        require(command.by, Role.ADMIN)
        async with self.begin() as tx:
            await tx.api_keys.revoke(command.key_id, command.organization_id, self.now())
