"""The reads of people's lists, straight from the tables."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from organization.application.views import ApiKeyView, OrganizationView, UserView
from organization.infrastructure.tables import api_keys, organizations, users

_USER = ("id", "email", "role", "created_at")
_API_KEY = ("id", "name", "role", "created_at", "expires_at", "revoked_at", "last_used_at")


class PostgresViews:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def organization(self, id: UUID) -> OrganizationView | None:  # noqa: A002
        query = select(organizations.c.id, organizations.c.name).where(organizations.c.id == id)
        rows = await self._rows(query)
        return OrganizationView(**rows[0]) if rows else None

    async def user(self, organization_id: UUID, id: str) -> UserView | None:  # noqa: A002
        try:
            wanted = UUID(id)
        except ValueError:
            return None  # an API key, or a service
        query = select(*(users.c[name] for name in _USER)).where(
            users.c.organization_id == organization_id, users.c.id == wanted
        )
        rows = await self._rows(query)
        return UserView(**rows[0]) if rows else None

    async def users(
        self, organization_id: UUID, *, before: UUID | None, limit: int
    ) -> list[UserView]:
        rows = await self._page(users, _USER, organization_id, before, limit)
        return [UserView(**row) for row in rows]

    async def api_keys(
        self, organization_id: UUID, *, before: UUID | None, limit: int
    ) -> list[ApiKeyView]:
        rows = await self._page(api_keys, _API_KEY, organization_id, before, limit)
        return [ApiKeyView(**row) for row in rows]

    async def _page(
        self,
        table: Table,
        names: tuple[str, ...],
        organization_id: UUID,
        before: UUID | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        query = select(*(table.c[name] for name in names)).where(
            table.c.organization_id == organization_id
        )
        if before is not None:
            query = query.where(table.c.id < before)
        # Ids are UUIDv7: their order is that of time.
        return await self._rows(query.order_by(table.c.id.desc()).limit(limit))

    async def _rows(self, query: Any) -> list[dict[str, Any]]:
        async with self._engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]
