"""Sends approved payouts to the bank, and records what became of them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

logger = logging.getLogger(__name__)
BATCH = 50


class BankUnavailable(Exception):
    """Nothing was transferred."""


@dataclass(frozen=True, slots=True)
class Payout:
    id: UUID
    account: str
    amount: Decimal
    currency: str


class Bank(Protocol):
    def transfer(self, *, account: str, amount: Decimal, currency: str, key: str) -> str:
        """The bank's reference; raise BankUnavailable."""
        ...


class Payouts(Protocol):
    def approved(self, limit: int) -> list[Payout]: ...

    def mark_sent(self, payout_id: UUID, *, reference: str | None, at: datetime) -> None:
        """It is not approved() any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRun:
    payouts: Payouts
    bank: Bank
    now: Callable[[], datetime]

    def __call__(self) -> int:
        """One batch; the number of payouts that left the list."""
        batch = self.payouts.approved(BATCH)
        for payout in batch:
            self._send(payout)
        return len(batch)

    def _send(self, payout: Payout) -> None:
        reference = self._transfer(payout)
        self.payouts.mark_sent(payout.id, reference=reference, at=self.now())
        logger.info("payout.sent", extra={"payout": str(payout.id), "reference": reference})

    def _transfer(self, payout: Payout) -> str | None:
        try:
            return self.bank.transfer(
                account=payout.account,
                amount=payout.amount,
                currency=payout.currency,
                key=str(payout.id),
            )
        except BankUnavailable as problem:
            logger.warning(
                "payout.bank_unavailable",
                extra={"payout": str(payout.id), "problem": str(problem)},
            )
            return None
