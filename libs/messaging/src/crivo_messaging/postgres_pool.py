"""Connections of psycopg's own, for what every message or every webhook costs (ADR 8)."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from crivo_messaging.postgres_outbox import libpq_url

Row: TypeAlias = tuple[Any, ...]
Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Row]]

# For a connection, also where there is no server to connect to. GitHub waits ten seconds for an
# answer: a 503 in time is worth more than a late one.
WAIT_SECONDS = 4.0


@asynccontextmanager
async def open_pool(url: str, *, size: int) -> AsyncIterator[Pool]:
    """Opens even while the server is away. Each statement is its own transaction."""
    pool: Pool = AsyncConnectionPool(
        libpq_url(url),
        min_size=1,
        max_size=size,
        timeout=WAIT_SECONDS,
        open=False,
        # No prepared statements: a pooler in transaction mode gives each its own connection.
        kwargs={"autocommit": True, "prepare_threshold": None, "connect_timeout": 3},
        reconnect_timeout=30,
    )
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def lent(
    pool: Pool,
    *,
    timeout: float | None = None,  # noqa: ASYNC109 - the pool's own
) -> AsyncIterator[AsyncConnection[Row]]:
    """A connection, and not one that the server closed since it was used.

    A transaction that is open on leaving is committed, or rolled back on an error. Raise
    PoolTimeout when none is free in time.
    """
    while has_news((connection := await pool.getconn(timeout)).pgconn.socket):
        await connection.close()
        await pool.putconn(connection)
    try:
        async with connection:
            yield connection
    finally:
        await pool.putconn(connection)


def has_news(socket: int) -> bool:
    """Of a connection that idles, and was asked nothing: the server says that it hangs up, or did.

    The kernel knows, so this is no round trip.
    """
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))
