"""A connection that is acquired can be used."""

import asyncio

from crivo_postgres.engine import open_engine
from crivo_postgres.pool import Pool, acquire, open_pool
from crivo_testkit.pooler import direct_url
from sqlalchemy import text

_END = "SELECT pg_terminate_backend(%s, 10000)"


async def server_of(pool: Pool) -> int:
    """The process at the other end."""
    async with acquire(pool) as connection:
        return connection.info.backend_pid


async def test_a_connection_that_the_server_closed_is_not_handed_out(
    database_url: str,
) -> None:
    url = direct_url(database_url)  # a pooler would give both pools the same one
    async with asyncio.timeout(60), open_pool(url, size=1) as pool, open_pool(url, size=1) as other:
        before = await server_of(pool)
        async with acquire(other) as connection:
            ended = await (await connection.execute(_END, [before])).fetchone()
        assert ended == (True,)
        async with acquire(pool) as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        assert await server_of(pool) != before


async def test_an_engine_opens_another_where_the_server_closed_one(database_url: str) -> None:
    url = direct_url(database_url)
    async with (
        asyncio.timeout(60),
        open_engine(url, size=1, overflow=0) as engine,
        open_pool(url, size=1) as other,
    ):
        servers = []
        for _ in range(3):
            async with engine.connect() as connection:
                server = await connection.scalar(text("SELECT pg_backend_pid()"))
            servers.append(server)
            if len(servers) == 2:
                async with acquire(other) as ending:
                    await ending.execute(_END, [server])
    first, again, afterwards = servers
    assert first == again != afterwards
