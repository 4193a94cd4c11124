"""Resources over the local stack; see crivo_testkit.plugin."""

from collections.abc import AsyncIterator

import pytest
from crivo_messaging.mongo import Document
from crivo_messaging.postgres import messaging_tables
from crivo_testkit.plugin import NewDatabase
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    return await new_database("messaging")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine over a database that has the messaging tables."""
    metadata = MetaData()
    messaging_tables(metadata)
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield engine
    await engine.dispose()


@pytest.fixture
async def database(
    mongodb_url: str, mongodb_database: str
) -> AsyncIterator[AsyncDatabase[Document]]:
    client: AsyncMongoClient[Document] = AsyncMongoClient(mongodb_url, tz_aware=True)
    yield client[mongodb_database]
    await client.drop_database(mongodb_database)
    await client.close()
