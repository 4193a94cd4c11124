"""A migrated database and an open service, over the local stack."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from crivo_postgres.pool import Pool, open_pool
from crivo_testkit.plugin import NewDatabase
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from workflow_queue.bootstrap import Service, open_service
from workflow_queue.infrastructure.schema import migrate
from workflow_queue_support.callers import settings


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    url = await new_database("workflow_queue")
    await asyncio.to_thread(migrate, url)
    return url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url, connect_args={"prepare_threshold": None})
    yield engine
    await engine.dispose()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(database_url, size=5) as pool:
        yield pool


@pytest.fixture
async def running(database_url: str) -> AsyncIterator[Service]:
    """The service with everything but a broker."""
    async with open_service(settings(database_url, "amqp://127.0.0.1:1/")) as service:
        yield service


@pytest.fixture
async def connected(database_url: str, vhost_url: str) -> AsyncIterator[Service]:
    """The service with a broker of its own."""
    async with open_service(settings(database_url, vhost_url)) as service:
        yield service
