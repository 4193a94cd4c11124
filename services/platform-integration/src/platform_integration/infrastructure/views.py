"""The reads of people's lists, straight from the tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from platform_integration.application.ports import NotFound
from platform_integration.application.views import DeliveryView, IntegrationView, RepositoryView
from platform_integration.infrastructure.tables import (
    integrations,
    repositories,
    webhook_deliveries,
)

_INTEGRATION = ("id", "platform", "name", "api_url", "created_at")
_REPOSITORY = ("id", "integration_id", "full_name", "created_at")
_DELIVERY = (
    "delivery_id", "integration_id", "repository_id", "event", "action", "status", "reason",
    "received_at",
)  # fmt: skip


class PostgresViews:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def integration(self, organization: UUID, id: UUID) -> IntegrationView:  # noqa: A002
        query = select(*(integrations.c[name] for name in _INTEGRATION)).where(
            integrations.c.organization_id == organization, integrations.c.id == id
        )
        rows = await self._rows(query)
        if not rows:
            raise NotFound("there is no such integration")
        return IntegrationView(**rows[0])

    async def integrations(
        self, organization: UUID, *, before: UUID | None, limit: int
    ) -> list[IntegrationView]:
        rows = await self._page(integrations, _INTEGRATION, organization, before, limit)
        return [IntegrationView(**row) for row in rows]

    async def repositories(
        self, organization: UUID, *, before: UUID | None, limit: int
    ) -> list[RepositoryView]:
        rows = await self._page(repositories, _REPOSITORY, organization, before, limit)
        return [RepositoryView(**row) for row in rows]

    async def deliveries(
        self,
        organization: UUID,
        *,
        status: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> list[DeliveryView]:
        table = webhook_deliveries
        query = select(*(table.c[name] for name in _DELIVERY)).where(
            table.c.organization_id == organization
        )
        if status is not None:
            query = query.where(table.c.status == status)
        if before is not None:
            query = query.where(tuple_(table.c.received_at, table.c.delivery_id) < before)
        query = query.order_by(table.c.received_at.desc(), table.c.delivery_id.desc()).limit(limit)
        return [DeliveryView(**row) for row in await self._rows(query)]

    async def _page(
        self,
        table: Table,
        columns: tuple[str, ...],
        organization: UUID,
        before: UUID | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Ids are UUIDv7: newest first is their order."""
        query = select(*(table.c[name] for name in columns)).where(
            table.c.organization_id == organization
        )
        if before is not None:
            query = query.where(table.c.id < before)
        return await self._rows(query.order_by(table.c.id.desc()).limit(limit))

    async def _rows(self, query: Any) -> list[dict[str, Any]]:
        async with self._engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]
