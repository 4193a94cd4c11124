"""What people look at: reads that skip the domain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationView:
    id: UUID
    platform: str
    name: str
    api_url: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryView:
    id: UUID
    integration_id: UUID
    full_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    delivery_id: str
    integration_id: UUID
    repository_id: UUID | None
    event: str
    action: str | None
    status: str
    reason: str | None
    received_at: datetime


class Views(Protocol):
    """Of one organization, newest first; `before` is the last item of the page before."""

    async def integration(self, organization: UUID, id: UUID) -> IntegrationView:  # noqa: A002
        """Raise NotFound."""
        ...

    async def integrations(
        self, organization: UUID, *, before: UUID | None, limit: int
    ) -> list[IntegrationView]: ...

    async def repositories(
        self, organization: UUID, *, before: UUID | None, limit: int
    ) -> list[RepositoryView]: ...

    async def deliveries(
        self,
        organization: UUID,
        *,
        status: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[DeliveryView]: ...
