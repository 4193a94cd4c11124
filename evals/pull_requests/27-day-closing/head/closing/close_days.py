"""Closes the day of every merchant, after midnight where the merchant is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Merchant:
    id: int
    timezone: str


class Sales(Protocol):
    def total(self, merchant_id: int, *, start: datetime, end: datetime) -> Decimal: ...


class Closings(Protocol):
    def last_day(self, merchant_id: int) -> date | None: ...

    def add(self, merchant_id: int, *, day: date, total: Decimal) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDays:
    """Runs every hour."""

    merchants: Callable[[], list[Merchant]]
    sales: Sales
    closings: Closings
    now: Callable[[], datetime]

    def __call__(self) -> int:
        closed = 0
        day = self.now().astimezone(UTC).date() - timedelta(days=1)
        for merchant in self.merchants():
            if self.closings.last_day(merchant.id) == day:
                continue
            if self._close(merchant, day, ZoneInfo(merchant.timezone)):
                closed += 1
        return closed

    def _close(self, merchant: Merchant, day: date, zone: ZoneInfo) -> bool:
        start = datetime.combine(day, time.min, tzinfo=zone)
        end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
        total = self.sales.total(merchant.id, start=start.astimezone(UTC), end=end.astimezone(UTC))
        if not total:
            return False
        self.closings.add(merchant.id, day=day, total=total)
        return True
