"""Checks that a service's relay deletes old inbox entries."""

import asyncio

import psycopg

from crivo_testkit.pooler import direct_url

_ADD = """
INSERT INTO inbox (consumer, message_id, handled_at)
VALUES ('test', gen_random_uuid(), now() - interval '15 days')
"""
PATIENCE_SECONDS = 60


async def handled_long_ago(url: str) -> None:
    """Put an inbox entry past its retention time into the table."""
    async with await _connect(url) as connection:
        await connection.execute(_ADD)


async def forgotten(url: str) -> None:
    """Return once the inbox is empty, or raise TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS), await _connect(url) as connection:
        while await (await connection.execute("SELECT FROM inbox LIMIT 1")).fetchone() is not None:
            pass


async def _connect(url: str) -> psycopg.AsyncConnection:
    libpq_url = direct_url(url).replace("postgresql+psycopg://", "postgresql://", 1)
    return await psycopg.AsyncConnection.connect(libpq_url, autocommit=True)
