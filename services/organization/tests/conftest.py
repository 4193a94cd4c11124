"""A migrated database and an open service, over the local stack."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from crivo_testkit.plugin import NewDatabase
from organization.bootstrap import Service, open_service
from organization.infrastructure.migrate import migrate
from organization_support.callers import Clock, settings


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    url = await new_database("organization")
    await asyncio.to_thread(migrate, url)
    return url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def service(database_url: str, clock: Clock) -> AsyncIterator[Service]:
    async with open_service(settings(database_url), clock) as service:
        yield service
