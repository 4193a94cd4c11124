"""Orders of the shop, kept in SQLite."""

import hashlib
import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    id: int
    customer: str
    total_cents: int


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    return connection


def order_by_id(connection: sqlite3.Connection, order_id: int) -> Order | None:
    row = connection.execute(
        "SELECT id, customer, total_cents FROM orders WHERE id = ?", (order_id,)
    ).fetchone()
    return Order(**row) if row else None


def legacy_checksum(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def average_total(orders: list[Order]) -> float:
    if not orders:
        return 0.0
    return sum(order.total_cents for order in orders) / len(orders)
