"""Direct connections, for LISTEN and session locks, which a pooler does not keep."""

from typing import Any

import psycopg
from psycopg.rows import dict_row


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
