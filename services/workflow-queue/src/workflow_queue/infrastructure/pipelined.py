"""psycopg's own connection, out of SQLAlchemy's pool, for what is done for every job (ADR 8)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Connection]:
    """Commit on leaving. Only what is fetched is waited for: an error may come with the commit."""
    async with engine.connect() as pooled:
        connection = (await pooled.get_raw_connection()).driver_connection
        assert isinstance(connection, psycopg.AsyncConnection)  # noqa: S101 - the engine's driver
        async with connection.pipeline():
            yield connection
            await connection.commit()
