"""The migrations make what the code expects, and can be undone."""

import asyncio

from alembic import command
from crivo_testkit.plugin import NewDatabase
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import create_async_engine
from workflow_queue.infrastructure.schema import alembic_config, migrate


async def test_the_migrations_make_the_tables_the_code_describes(database_url: str) -> None:
    await asyncio.to_thread(command.check, alembic_config(database_url))


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    await asyncio.to_thread(migrate, database_url)
    await asyncio.to_thread(command.check, alembic_config(database_url))


async def test_the_migrations_can_be_undone(new_database: NewDatabase) -> None:
    url = await new_database("down")
    await asyncio.to_thread(migrate, url)
    await asyncio.to_thread(command.downgrade, alembic_config(url), "base")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    await engine.dispose()
    assert tables == ["alembic_version"]
