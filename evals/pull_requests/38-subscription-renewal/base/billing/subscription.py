"""When a subscription is renewed."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: int
    plan: str
    started: date
    paid_until: date

    def renewed(self) -> Self:
        """Paid for one more month."""
        year, month = self.paid_until.year, self.paid_until.month + 1
        if month > 12:
            year, month = year + 1, 1
        day = min(self.paid_until.day, 28)
        return replace(self, paid_until=date(year, month, day))

    def is_due(self, today: date) -> bool:
        return today >= self.paid_until


def due(subscriptions: list[Subscription], today: date) -> list[Subscription]:
    return [each for each in subscriptions if each.is_due(today)]
