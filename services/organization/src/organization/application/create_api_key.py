"""A key for a program; its text is known only now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from organization.application.ports import Begin, NewId, Now
from organization.domain.account import InvalidAccount, Role, require
from organization.domain.api_key import ApiKey, NewSecret, hashed, written


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKey:
    organization_id: UUID
    by: Role
    name: str
    role: Role
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKeyHandler:
    begin: Begin
    now: Now
    new_id: NewId
    new_secret: NewSecret

    async def __call__(self, command: CreateApiKey) -> tuple[ApiKey, str]:
        """The key and its text; raise NotAllowed, or InvalidAccount for one that is expired."""
        require(command.by, Role.ADMIN)
        require(command.by, command.role)
        now = self.now()
        if command.expires_at is not None and command.expires_at <= now:
            raise InvalidAccount("expires_at is in the past")
        secret = self.new_secret()
        key = ApiKey(
            id=self.new_id(),
            organization_id=command.organization_id,
            name=command.name,
            role=command.role,
            secret_hash=hashed(secret),
            created_at=now,
            expires_at=command.expires_at,
        )
        async with self.begin() as tx:
            await tx.api_keys.add(key)
        return key, written(key.id, secret)
