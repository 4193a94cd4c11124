"""A transaction leaves the pool's connection as it found it, however it ends."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from workflow_queue.infrastructure import postgres
from workflow_queue_support.builders import a_ref


async def test_a_transaction_that_is_cancelled_leaves_a_connection_that_works(
    database_url: str, engine: AsyncEngine
) -> None:
    only = create_async_engine(
        database_url, pool_size=1, max_overflow=0, connect_args={"prepare_threshold": None}
    )

    async def wait_for_the_pull_request() -> None:
        async with postgres.begin(only, lambda _: None) as tx:
            await tx.lock(a_ref())

    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'")
    async with postgres.begin(engine, lambda _: None) as tx, asyncio.timeout(20):
        await tx.lock(a_ref())
        waiting = asyncio.create_task(wait_for_the_pull_request())
        async with engine.connect() as connection:
            while not await connection.scalar(waits):
                await connection.rollback()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with postgres.begin(only, lambda _: None) as again:
            assert await again.first_time(uuid4(), consumer="a")
    await only.dispose()
