"""A process serves until it is told to stop."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from crivo_web.operations import operations_app
from crivo_web.serve import serve


@asynccontextmanager
async def serving() -> AsyncIterator[httpx.AsyncClient]:
    """Tell it to stop at the end of the block, and wait for that."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    running = asyncio.create_task(serve(operations_app({}), host="127.0.0.1", port=port))
    transport = httpx.AsyncHTTPTransport(retries=9)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", transport=transport
    ) as client:
        yield client
    os.kill(os.getpid(), signal.SIGTERM)
    await running


async def date(client: httpx.AsyncClient) -> str:
    return (await client.get("/health/live")).headers["date"]


async def test_the_date_of_answers_goes_on() -> None:
    async with asyncio.timeout(60), serving() as client:
        first = await date(client)
        while await date(client) == first:
            pass


async def test_an_idle_process_that_is_told_to_stop_waits_for_no_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crivo_web.serve.TICK_SECONDS", 3600.0)
    async with asyncio.timeout(60), serving() as client:
        await date(client)
