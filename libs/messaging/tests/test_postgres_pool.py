"""Whoever is lent a connection can use it."""

import asyncio

from crivo_messaging.postgres_pool import Pool, lent, open_pool
from crivo_testkit.pooler import direct_url

_END = "SELECT pg_terminate_backend(%s, 10000)"


async def server_of(pool: Pool) -> int:
    """The process at the other end."""
    async with lent(pool) as connection:
        return connection.info.backend_pid


async def test_a_connection_that_the_server_closed_meanwhile_is_not_lent(
    database_url: str,
) -> None:
    url = direct_url(database_url)  # a pooler would lend both pools the same one
    async with asyncio.timeout(20), open_pool(url, size=1) as pool, open_pool(url, size=1) as other:
        before = await server_of(pool)
        async with lent(other) as connection:
            ended = await (await connection.execute(_END, [before])).fetchone()
        assert ended == (True,)
        async with lent(pool) as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        assert await server_of(pool) != before
