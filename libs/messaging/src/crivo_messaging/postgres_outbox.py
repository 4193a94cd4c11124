"""The relay's side of the PostgreSQL outbox, over a direct connection: it holds a session lock."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import psycopg
from crivo_postgres.connection import connect
from prometheus_client import Gauge

from crivo_messaging.envelope import Envelope
from crivo_messaging.relay import Outcome, StoreUnavailable

BATCH = 500
CHANNEL = "outbox"
UNROUTABLE_SECONDS = 5
KEEP_PUBLISHED = "1 day"
# Longer than any redelivery: GitHub offers its deliveries for three days, operators replay later.
KEEP_INBOX = "14 days"
SWEEP_SECONDS = 3600.0
_LOCK = 0x0C21_0001

_lag = Gauge("crivo_outbox_lag_seconds", "Age of the oldest unpublished message")

# Never a high-water mark: identity values are not commit order. A postponed message delays
# the later ones of its own subject only.
_PENDING = f"""
SELECT id, type, subject, sequence, exchange, mandatory, attributes, body::text AS body,
       extract(epoch FROM clock_timestamp() - created_at)::float AS age
FROM outbox
WHERE published_at IS NULL
  AND subject NOT IN (
      SELECT subject FROM outbox WHERE published_at IS NULL AND not_before > clock_timestamp())
ORDER BY position LIMIT {BATCH}
"""  # noqa: S608 - a constant
_SETTLE = "UPDATE outbox SET published_at = clock_timestamp() WHERE id = ANY(%s)"
_POSTPONE = (
    f"UPDATE outbox SET not_before = clock_timestamp() + interval '{UNROUTABLE_SECONDS} s'"  # noqa: S608
    " WHERE id = ANY(%s)"
)
_SWEEP = (
    f"DELETE FROM outbox WHERE published_at < now() - interval '{KEEP_PUBLISHED}'".encode(),  # noqa: S608
    f"DELETE FROM inbox WHERE handled_at < now() - interval '{KEEP_INBOX}'".encode(),  # noqa: S608
)


async def sweep(url: str) -> None:
    """Delete published messages and inbox entries after their retention time."""
    async with await connect(url) as connection:
        for statement in _SWEEP:
            await connection.execute(statement)


class PostgresOutbox:
    """Implements the relay's Outbox; the advisory lock makes one of many relays the active one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[dict[str, Any]] | None = None
        self._leading = False

    async def lead(self) -> bool:
        try:
            if self._connection is None or self._connection.closed:
                self._leading = False
                self._connection = await connect(self._url)
            if not self._leading:
                cursor = await self._connection.execute(
                    "SELECT pg_try_advisory_lock(%s) AS leading", [_LOCK]
                )
                row = await cursor.fetchone()
                self._leading = bool(row and row["leading"])
                if self._leading:
                    await self._connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.OperationalError as problem:
            raise StoreUnavailable(str(problem)) from problem
        return self._leading

    async def pending(self) -> Sequence[Sequence[Envelope]]:
        rows = await self._fetch(_PENDING)
        _lag.set(rows[0]["age"] if rows else 0)
        for row in rows:
            del row["age"]
        envelopes = [Envelope.stored(**row) for row in rows]
        in_groups = sorted(envelopes, key=attrgetter("subject"))  # stable: order within is kept
        return [list(group) for _, group in groupby(in_groups, key=attrgetter("subject"))]

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        confirmed = [envelope.id for outcome in outcomes for envelope in outcome.confirmed]
        unroutable = [outcome.unroutable.id for outcome in outcomes if outcome.unroutable]
        if confirmed:
            await self._fetch(_SETTLE, [confirmed])
        if unroutable:
            await self._fetch(_POSTPONE, [unroutable])

    async def wait(self, seconds: float) -> None:
        if self._connection is None:
            return
        try:
            async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.OperationalError as problem:
            raise StoreUnavailable(str(problem)) from problem

    async def close(self) -> None:
        connection, self._connection, self._leading = self._connection, None, False
        if connection is not None:
            await connection.close()

    async def _fetch(
        self, statement: str, parameters: Sequence[object] = ()
    ) -> list[dict[str, Any]]:
        if self._connection is None:
            raise StoreUnavailable("not connected")
        try:
            cursor = await self._connection.execute(statement.encode(), parameters)
            return await cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError as problem:
            await self.close()
            raise StoreUnavailable(str(problem)) from problem
