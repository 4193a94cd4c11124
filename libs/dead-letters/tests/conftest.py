"""A service with dead letters, over the local stack."""

from collections.abc import AsyncIterator

import pytest
from crivo_dead_letters.http import STATUS_OF, DeadLetterController
from crivo_messaging.dead_letter_service import open_dead_letter_service
from crivo_messaging.postgres import messaging_tables
from crivo_messaging.postgres_dead_letters import PostgresDeadLetters
from crivo_messaging.topology import declare_at
from crivo_observability.http import ASGIApp
from crivo_testkit.plugin import NewDatabase
from crivo_web.application import create_service
from dead_letters_support.callers import KEY, TOPOLOGY
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine


@pytest.fixture
async def store(new_database: NewDatabase) -> AsyncIterator[PostgresDeadLetters]:
    metadata = MetaData()
    tables = messaging_tables(metadata)
    engine = create_async_engine(await new_database("letters"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield PostgresDeadLetters(engine, tables.dead_letters)
    await engine.dispose()


@pytest.fixture
async def service(store: PostgresDeadLetters, vhost_url: str) -> AsyncIterator[ASGIApp]:
    await declare_at(vhost_url, TOPOLOGY)
    async with open_dead_letter_service(store, url=vhost_url, topology=TOPOLOGY) as dead_letters:
        yield create_service(
            name="test",
            version="0",
            token_key=KEY,
            ready={},
            controllers=[DeadLetterController],
            status_of=STATUS_OF,
            dependencies={"dead_letters": dead_letters},
        )
