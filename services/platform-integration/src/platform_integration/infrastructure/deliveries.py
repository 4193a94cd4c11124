"""The hot path: one statement stores a delivery and its event, in one round trip and one commit.

Plain psycopg, because SQLAlchemy costs half of the rate here (docs/adr/0008).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import psycopg
from crivo_messaging.postgres import outbox_parameters
from crivo_messaging.postgres_outbox import CHANNEL as OUTBOX
from crivo_postgres.notifier import Notifier
from crivo_postgres.pool import WAIT_SECONDS, Pool, acquire
from psycopg_pool import PoolTimeout

from platform_integration.domain.webhook import CannotStore, Delivery, Notice
from platform_integration.infrastructure.published import announced

POOL_SIZE = 8

_DELIVERY = b"""
INSERT INTO webhook_deliveries (integration_id, delivery_id, organization_id, repository_id,
    event, action, status, reason, body, received_at)
VALUES (%(integration_id)s, %(delivery_id)s, %(organization_id)s, %(repository_id)s,
    %(event)s, %(action)s, %(status)s, %(reason)s, %(body)b, %(received_at)s)
ON CONFLICT DO NOTHING RETURNING 1
"""
_WITH_EVENT = f"""
WITH delivery AS ({_DELIVERY.decode()}), event AS (
    INSERT INTO outbox (id, type, subject, sequence, exchange, mandatory, attributes, body)
    SELECT %(id)s, %(type)s, %(subject)s, %(sequence)s, %(exchange)s, %(mandatory)s,
           %(attributes)s::json, %(outbox_body)s::json FROM delivery)
SELECT 1 FROM delivery
""".encode()  # noqa: S608 - constants


class PostgresDeliveries:
    def __init__(self, pool: Pool, notifier: Notifier) -> None:
        self._pool = pool
        self._notifier = notifier
        # In line here and not in the pool, whose way of handing a connection on takes several
        # turns of the event loop, in each of which the connection idles.
        self._turns = asyncio.Semaphore(pool.max_size)

    async def store(self, delivery: Delivery, notice: Notice | None) -> bool:
        parameters: dict[str, object] = {
            "integration_id": delivery.integration_id,
            "delivery_id": delivery.delivery_id,
            "organization_id": delivery.organization_id,
            "repository_id": delivery.repository_id,
            "event": delivery.event,
            "action": delivery.action,
            "status": delivery.status,
            "reason": delivery.reason,
            "body": delivery.body,
            "received_at": delivery.received_at,
        }
        statement = _DELIVERY
        if notice is not None:
            event = outbox_parameters(announced(delivery, notice))
            parameters |= {**event, "outbox_body": event["body"], "body": delivery.body}
            statement = _WITH_EVENT
        try:
            rows = await self._fetch(statement, parameters)
        except (psycopg.OperationalError, PoolTimeout) as problem:
            raise CannotStore("the database is away; please deliver again") from problem
        if rows and notice is not None:
            self._notifier.notify(OUTBOX)
        return bool(rows)

    async def _fetch(self, statement: bytes, parameters: dict[str, object]) -> Sequence[Any]:
        async with self._connection() as connection:
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall() if cursor.description else []

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Raise PoolTimeout."""
        deadline = monotonic() + WAIT_SECONDS
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError as problem:
            raise PoolTimeout("every connection is in use") from problem
        try:
            async with acquire(self._pool, timeout=deadline - monotonic()) as connection:
                yield connection
        finally:
            self._turns.release()
