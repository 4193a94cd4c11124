"""psycopg's pool, for the hot paths: per message and per webhook (ADR 8)."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from crivo_postgres.connection import libpq_url

Row: TypeAlias = tuple[Any, ...]
Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Row]]

# For a free connection, also when there is no server to connect to. GitHub waits ten seconds for an
# answer: a 503 in time is worth more than a late one.
WAIT_SECONDS = 4.0


@asynccontextmanager
async def open_pool(url: str, *, size: int) -> AsyncIterator[Pool]:
    """Opens even while the server is unavailable. Each statement is its own transaction."""
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
async def acquire(
    pool: Pool,
    *,
    timeout: float | None = None,  # noqa: ASYNC109 - the pool's own
) -> AsyncIterator[AsyncConnection[Row]]:
    """Check out a connection that the server has not closed while it was idle.

    A transaction that is open on leaving is committed, or rolled back on an error. Raise
    PoolTimeout when none is free in time.
    """
    while is_stale((connection := await pool.getconn(timeout)).pgconn.socket):
        await connection.close()
        await pool.putconn(connection)
    try:
        async with connection:
            yield connection
    finally:
        await pool.putconn(connection)


def is_stale(socket: int) -> bool:
    """Whether an idle connection has unread input: the server sends some only when it closes it.

    The kernel knows this, so no round trip is needed.
    """
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))
