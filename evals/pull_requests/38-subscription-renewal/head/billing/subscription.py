"""When a subscription is renewed."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: int
    plan: str
    started: date
    paid_until: date

    def renewed(self, months: int = 1) -> Self:
        """Paid for so many more months."""
        if months < 1:
            raise ValueError(f"cannot renew for {months} months")
        years, index = divmod(self.paid_until.month - 1 + months, 12)
        year, month = self.paid_until.year + years, index + 1
        _, last = monthrange(year, month)
        return replace(self, paid_until=date(year, month, min(self.started.day, last)))

    def is_due(self, today: date) -> bool:
        return today >= self.paid_until


def due(subscriptions: list[Subscription], today: date) -> list[Subscription]:
    return [each for each in subscriptions if each.is_due(today)]
