"""Quotes for orders, kept for a few minutes because suppliers are slow."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

KEPT_SECONDS = 300


class Cache(Protocol):
    def get(self, key: str) -> str | None: ...

    def set(self, key: str, value: str, *, seconds: int) -> None: ...


class Suppliers(Protocol):
    def price(self, sku: str, *, quantity: int) -> Decimal:
        """Per piece, in euros."""
        ...


class Discounts(Protocol):
    def rate(self, customer_id: int) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Quote:
    unit_price: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotes:
    cache: Cache
    suppliers: Suppliers
    discounts: Discounts

    def quote(self, customer_id: int, sku: str, quantity: int) -> Quote:
        key = f"quote:{customer_id}:{sku}:{quantity}"
        if kept := self.cache.get(key):
            return _read(kept)
        made = self._ask(customer_id, sku, quantity)
        self.cache.set(key, _written(made), seconds=KEPT_SECONDS)
        return made

    def _ask(self, customer_id: int, sku: str, quantity: int) -> Quote:
        price = self.suppliers.price(sku, quantity=quantity)
        unit = (price * (1 - self.discounts.rate(customer_id))).quantize(Decimal("0.01"))
        return Quote(unit_price=unit, total=unit * quantity)


def _written(quote: Quote) -> str:
    return json.dumps({"unit_price": str(quote.unit_price), "total": str(quote.total)})


def _read(text: str) -> Quote:
    found = json.loads(text)
    return Quote(unit_price=Decimal(found["unit_price"]), total=Decimal(found["total"]))
