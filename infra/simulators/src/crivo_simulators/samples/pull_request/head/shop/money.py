"""Amounts of money, in cents."""

from collections.abc import Iterable


def euros(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d} EUR"


def total(amounts: Iterable[int]) -> int:
    return sum(amounts)
