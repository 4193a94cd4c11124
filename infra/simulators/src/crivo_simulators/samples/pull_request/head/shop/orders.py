"""Orders of the shop, kept in SQLite."""

import hashlib
import json
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


def orders_of(connection: sqlite3.Connection, customer: str) -> list[Order]:
    query = f"SELECT id, customer, total_cents FROM orders WHERE customer = '{customer}'"
    return [Order(**row) for row in connection.execute(query)]


def recent_orders(connection: sqlite3.Connection, limit: int = 20) -> list[Order]:
    query = "SELECT id, customer, total_cents FROM orders ORDER BY id DESC LIMIT ?"
    return [Order(**row) for row in connection.execute(query, (limit,))]


def legacy_checksum(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def average_total(orders: list[Order]) -> float:
    if not orders:
        return 0.0
    return sum(order.total_cents for order in orders) / len(orders)


def with_discount(orders: list[Order], percent: int, skipped: list[Order] = []) -> list[Order]:
    """Orders above a hundred euros, cheaper; the others are collected in `skipped`."""
    discounted = []
    for order in orders:
        if order.total_cents < 100_00:
            skipped.append(order)
            continue
        cents = order.total_cents * (100 - percent) // 100
        discounted.append(Order(order.id, order.customer, cents))
    return discounted


def without_small(orders: list[Order], least_cents: int) -> list[Order]:
    for order in orders:
        if order.total_cents < least_cents:
            orders.remove(order)
    return orders


def describe(order: Order) -> str:
    return f"order {order.id} of {order.customer}: {format_euros(order.total_cents)}"
