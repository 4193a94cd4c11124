"""What people do with orders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from orders.store import NewOrder, Orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    shop_id: UUID
    total_cents: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderService:
    orders: Orders
    now: Callable[[], datetime]

    async def place(self, basket: Basket) -> UUID:
        order = NewOrder(
            id=uuid4(),
            shop_id=basket.shop_id,
            total_cents=basket.total_cents,
            currency=basket.currency,
            created_at=self.now(),
        )
        await self.orders.add(order)
        return order.id

    async def revenue_of_last_days(self, shop_id: UUID, days: int) -> dict[str, int]:
        end = self.now()
        return await self.orders.revenue(shop_id, start=end - timedelta(days=days), end=end)
