"""The relay's side of the PostgreSQL outbox, and the notifier that wakes it.

Both use a direct connection: LISTEN and session advisory locks do not survive a pooler in
transaction mode. NOTIFY never runs inside a business transaction, where it would serialise commits.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from operator import attrgetter
from typing import Any

import psycopg
import structlog
from prometheus_client import Gauge
from psycopg.rows import dict_row

from crivo_messaging.envelope import Envelope
from crivo_messaging.relay import Outcome, StoreUnavailable
from crivo_messaging.waiting import cancel_and_wait

BATCH = 500
CHANNEL = "outbox"
UNROUTABLE_SECONDS = 5
KEEP_PUBLISHED = "1 day"
# Longer than any redelivery: GitHub offers its deliveries for three days, operators replay later.
KEEP_INBOX = "14 days"
SWEEP_SECONDS = 3600.0
_LOCK = 0x0C21_0001

_lag = Gauge("crivo_outbox_lag_seconds", "Age of the oldest unpublished message")
_log = structlog.get_logger()

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


def libpq_url(url: str) -> str:
    """The URL without SQLAlchemy's driver name."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


async def connect(url: str) -> psycopg.AsyncConnection[dict[str, Any]]:
    """A direct connection that notices within seconds that its server is gone."""
    return await psycopg.AsyncConnection.connect(
        libpq_url(url),
        autocommit=True,
        row_factory=dict_row,
        connect_timeout=5,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
    )


async def database_answers(url: str) -> None:
    """Raise psycopg's error when it does not: the readiness of a process without a pool."""
    async with await connect(url) as connection:
        await connection.execute("SELECT 1")


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


class Notifier:
    """Sends NOTIFY after a commit, so that listeners wake at once; calls close together are merged.

    A notification is lost when its connection breaks: the listener's polling is the guarantee.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._requested = asyncio.Event()
        self._channels: set[str] = set()

    def notify(self, channel: str = CHANNEL) -> None:
        self._channels.add(channel)
        self._requested.set()

    async def _run(self) -> None:
        connection: psycopg.AsyncConnection[dict[str, Any]] | None = None
        try:
            while True:
                await self._requested.wait()
                self._requested.clear()
                channels, self._channels = self._channels, set()
                try:
                    if connection is None:
                        connection = await connect(self._url)
                    for channel in channels:
                        await connection.execute("SELECT pg_notify(%s, '')", [channel])
                except psycopg.OperationalError as problem:
                    _log.info("postgres.notify_failed", reason=str(problem))
                    connection = None
        finally:
            if connection is not None:
                await connection.close()


@asynccontextmanager
async def open_notifier(url: str) -> AsyncIterator[Notifier]:
    """A notifier that sends as long as the block lasts."""
    notifier = Notifier(url)
    running = asyncio.create_task(notifier._run())
    try:
        yield notifier
    finally:
        await cancel_and_wait(running)
    if not running.cancelled():
        running.result()
