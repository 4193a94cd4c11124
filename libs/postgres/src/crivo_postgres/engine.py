"""SQLAlchemy's engine, for everything but the hot paths, which use psycopg directly (ADR 8)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from crivo_postgres.pool import is_stale


@asynccontextmanager
async def open_engine(url: str, *, size: int = 5, overflow: int = 10) -> AsyncIterator[AsyncEngine]:
    """Opens even while the server is unavailable, and never hands out a connection it closed.

    `size` connections stay open, and `overflow` more are opened where they are not enough.
    """
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=overflow,
        # A prepared statement belongs to a session, and a pooler hands out another one each time.
        connect_args={"prepare_threshold": None, "connect_timeout": 5},
    )
    # In place of `pool_pre_ping`, which is a round trip before every transaction.
    event.listen(engine.sync_engine, "checkout", _refuse_stale)
    try:
        yield engine
    finally:
        await engine.dispose()


def _refuse_stale(adapted: Any, *_: object) -> None:
    """The pool replaces the connection.

    https://docs.sqlalchemy.org/en/20/core/pooling.html#custom-legacy-pessimistic-ping
    """
    if is_stale(adapted.driver_connection.pgconn.socket):
        raise DisconnectionError
