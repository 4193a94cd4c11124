"""What people look at: reads that skip the domain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationView:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    id: UUID
    email: str
    role: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyView:
    id: UUID
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class Views(Protocol):
    """Of one organization, newest first; `before` is the last item of the page before."""

    async def organization(self, id: UUID) -> OrganizationView | None: ...  # noqa: A002

    async def user(self, organization_id: UUID, id: str) -> UserView | None: ...  # noqa: A002

    async def users(
        self, organization_id: UUID, *, before: UUID | None, limit: int
    ) -> list[UserView]: ...

    async def api_keys(
        self, organization_id: UUID, *, before: UUID | None, limit: int
    ) -> list[ApiKeyView]: ...
