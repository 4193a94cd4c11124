"""A code host on a free port, and a client that has its token."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from crivo_simulators.github import run_github
from httpx import AsyncClient
from simulators_support.receiver import Receiver, receiving
from simulators_support.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with (
        run_github(tmp_path / "host") as simulator,
        AsyncClient(
            base_url=simulator.url, headers={"Authorization": f"Bearer {simulator.token}"}
        ) as http,
    ):
        yield Site(simulator, http)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver
