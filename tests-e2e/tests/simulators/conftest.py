"""A code host and a model on free ports, each with a client that has its key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from crivo_simulators.github import run_github
from crivo_simulators.model.scripted import Rule, Scripted
from crivo_simulators.model_server import run_model_server
from httpx import AsyncClient
from simulators_support.model import KEY, Provider
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


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """Of a model that knows one mistake."""
    rule = Rule(
        path="shop/money.py",
        code="return cents / 2",
        severity="medium",
        category="bug",
        title="Half of the cents is a fraction",
        explanation="half(3) is 1.5.",
        fix="return cents // 2",
    )
    async with (
        run_model_server(Scripted([rule]), api_key=KEY) as server,
        AsyncClient(
            base_url=server.url.removesuffix("/v1"), headers={"Authorization": f"Bearer {KEY}"}
        ) as http,
    ):
        yield Provider(server, http)
