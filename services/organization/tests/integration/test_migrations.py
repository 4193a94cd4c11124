"""The migrations make what the code expects, and can be undone."""

import asyncio

from alembic import command
from alembic.config import Config
from crivo_testkit.plugin import NewDatabase
from organization.infrastructure.migrate import MIGRATIONS, migrate
from sqlalchemy import create_engine, inspect


def config(url: str) -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["url"] = url
    return made


async def test_the_migrations_make_the_tables_the_code_describes(database_url: str) -> None:
    await asyncio.to_thread(migrate, database_url)
    await asyncio.to_thread(command.check, config(database_url))


async def test_the_migrations_can_be_undone(new_database: NewDatabase) -> None:
    url = await new_database("down")
    await asyncio.to_thread(migrate, url)
    await asyncio.to_thread(command.downgrade, config(url), "base")
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()
