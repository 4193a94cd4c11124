"""An open service over the local stack, and the service it fetches change sets from."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from code_review.bootstrap import Service, open_service
from code_review_support.builders import a_finding
from code_review_support.callers import settings
from code_review_support.memory import MemoryAnalyzer
from code_review_support.model_endpoint import ModelEndpoint, model_endpoint
from code_review_support.model_questions import Opener
from code_review_support.platform import PlatformIntegration, platform_integration
from crivo_messaging.mongo import Document
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase


@pytest.fixture
async def database(
    mongodb_url: str, mongodb_database: str
) -> AsyncIterator[AsyncDatabase[Document]]:
    client: AsyncMongoClient[Document] = AsyncMongoClient(mongodb_url, tz_aware=True)
    async with client:
        yield client[mongodb_database]
        await client.drop_database(mongodb_database)


@pytest.fixture
async def running(database: AsyncDatabase[Document], mongodb_url: str) -> AsyncIterator[Service]:
    """The service with everything but a broker and anybody to fetch from."""
    async with open_service(settings(mongodb_url, database.name)) as service:
        await service.migrate()
        yield service


@pytest.fixture
async def platform() -> AsyncIterator[PlatformIntegration]:
    async with platform_integration() as played:
        yield played


@pytest.fixture
def analyzer() -> MemoryAnalyzer:
    return MemoryAnalyzer("ruff", a_finding(line=2))


@pytest.fixture
async def connected(
    database: AsyncDatabase[Document],
    mongodb_url: str,
    vhost_url: str,
    platform: PlatformIntegration,
    analyzer: MemoryAnalyzer,
) -> AsyncIterator[Service]:
    """The service with a broker of its own, and one analyzer that says what it is told to."""
    own = settings(
        mongodb_url,
        database.name,
        rabbitmq_url=vhost_url,
        platform_integration_url=platform.url,
    )
    async with open_service(own, [analyzer]) as service:
        await service.migrate()
        yield service


@pytest.fixture
async def endpoint() -> AsyncIterator[ModelEndpoint]:
    async with model_endpoint() as played:
        yield played
        assert played.errors == []
        assert played.replies == []


@pytest.fixture
async def opened(endpoint: ModelEndpoint) -> AsyncIterator[Opener]:
    async with AsyncExitStack() as stack:
        yield Opener(stack, endpoint)
