"""Customers in PostgreSQL."""

from dataclasses import dataclass
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    id: UUID
    given_name: str
    family_name: str
    email: str


class Customers:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, customer: Customer) -> None:
        await self._connection.execute(
            "INSERT INTO customers (id, given_name, family_name, email) VALUES (%s, %s, %s, %s)",
            (customer.id, customer.given_name, customer.family_name, customer.email),
        )

    async def get(self, customer_id: UUID) -> Customer | None:
        async with self._connection.cursor(row_factory=class_row(Customer)) as cursor:
            await cursor.execute(
                "SELECT id, given_name, family_name, email FROM customers WHERE id = %s",
                (customer_id,),
            )
            return await cursor.fetchone()

    async def named(self, prefix: str, limit: int) -> list[Customer]:
        async with self._connection.cursor(row_factory=class_row(Customer)) as cursor:
            await cursor.execute(
                "SELECT id, given_name, family_name, email FROM customers"
                " WHERE starts_with(lower(name), lower(%s)) ORDER BY name, id LIMIT %s",
                (prefix, limit),
            )
            return await cursor.fetchall()
