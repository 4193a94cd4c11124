"""A migrated database per test, and what is built over it."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from crivo_postgres.notifier import Notifier, open_notifier
from crivo_testkit.plugin import NewDatabase
from crivo_testkit.pooler import direct_url
from platform_integration.application.ports import Begin
from platform_integration.bootstrap import Service, open_service
from platform_integration.infrastructure import postgres
from platform_integration.infrastructure.migrate import migrate
from platform_integration.infrastructure.sealing import Sealer
from platform_integration.settings import Settings
from platform_integration_support.callers import settings
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    url = await new_database("platform_integration")
    migrate(url)
    return url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database_url, connect_args={"prepare_threshold": None})
    yield engine
    await engine.dispose()


@pytest.fixture
async def notifier(database_url: str) -> AsyncIterator[Notifier]:
    async with open_notifier(direct_url(database_url)) as notifier:
        yield notifier


@pytest.fixture
def sealer() -> Sealer:
    return Sealer([b"1" * 32])


@pytest.fixture
def begin(engine: AsyncEngine, sealer: Sealer, notifier: Notifier) -> Begin:
    return partial(postgres.begin, engine, sealer, notifier)


@pytest.fixture
def configuration(database_url: str) -> Settings:
    return settings(database_url)


@pytest.fixture
async def service(configuration: Settings) -> AsyncIterator[Service]:
    async with open_service(configuration) as service:
        yield service
