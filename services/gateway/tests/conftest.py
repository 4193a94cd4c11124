"""The gateway, open, before services that write down what it asks of them."""

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Callable, Mapping
from uuid import UUID

import pytest
import uvloop
from gateway_support.door import Door, Services, open_door
from gateway_support.door import services as open_services
from redis.asyncio import Redis
from uuid_utils.compat import uuid7


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """The one that processes run on, since the connections are made of its transports."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    async with open_services() as made:
        yield made


@pytest.fixture
async def door(services: Services, redis_url: str) -> AsyncIterator[Door]:
    async with open_door(services, redis_url) as door:
        yield door


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, socket_timeout=None) as redis:
        yield redis


@pytest.fixture
async def acme(redis: Redis) -> AsyncIterator[UUID]:
    """An organization nobody else has: Redis is one for all tests, and keeps events for a day."""
    organization: UUID = uuid7()
    yield organization
    stream = f"crivo:live:{{{organization}}}"
    await redis.delete(stream, f"{stream}:seen")
