"""Orders in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    id: UUID
    shop_id: UUID
    total_cents: int
    created_at: datetime


class Orders:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, order: NewOrder) -> None:
        await self._connection.execute(
            "INSERT INTO orders (id, shop_id, total_cents, created_at) VALUES (%s, %s, %s, %s)",
            (order.id, order.shop_id, order.total_cents, order.created_at),
        )

    async def revenue(self, shop_id: UUID, *, start: datetime, end: datetime) -> int:
        cursor = await self._connection.execute(
            "SELECT coalesce(sum(total_cents), 0) FROM orders"
            " WHERE shop_id = %s AND created_at >= %s AND created_at < %s",
            (shop_id, start, end),
        )
        row = await cursor.fetchone()
        return int(row[0]) if row else 0
