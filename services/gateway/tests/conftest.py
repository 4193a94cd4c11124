"""The gateway, open, before services that write down what it asks of them."""

from collections.abc import AsyncIterator

import pytest
from gateway_support.door import Door, Services, open_door
from gateway_support.door import services as open_services


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    async with open_services() as made:
        yield made


@pytest.fixture
async def door(services: Services, redis_url: str) -> AsyncIterator[Door]:
    async with open_door(services, redis_url) as door:
        yield door
