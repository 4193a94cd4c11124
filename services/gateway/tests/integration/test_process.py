"""The process as it is started in earnest."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from crivo_web.serve import DRAIN_SECONDS
from gateway_support.door import NO_BROKER, Services
from gateway_support.organization import INTERNAL_KEY
from gateway_support.peers import DEADLINE, listening
from uuid_utils.compat import uuid7

KEY = "GATEWAY_INTERNAL_TOKEN_KEY"


async def started(
    process: str, port: int, services: Services, **variables: str
) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", process,
        env={
            "PATH": os.environ["PATH"],
            "GATEWAY_PORT": str(port),
            "GATEWAY_ORGANIZATION_URL": services.organization.url,
            "GATEWAY_PLATFORM_INTEGRATION_URL": services.platform.url,
            "GATEWAY_WORKFLOW_QUEUE_URL": services.queue.url,
            "GATEWAY_CODE_REVIEW_URL": services.review.url,
            "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
            "GATEWAY_RABBITMQ_URL": NO_BROKER,
            **variables,
        },
        stdout=pipe,
        stderr=pipe,
    )  # fmt: skip


@asynccontextmanager
async def running(
    process: str, services: Services, **variables: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    with listening() as listener:
        port = listener.getsockname()[1]
    child = await started(process, port, services, **{KEY: INTERNAL_KEY}, **variables)
    assert child.stdout is not None
    await asyncio.wait_for(child.stdout.readline(), DEADLINE)  # process.started
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        # It listens a moment after it has said that it starts.
        transport=httpx.AsyncHTTPTransport(retries=5),
        timeout=DEADLINE,
    ) as http:
        yield child, http


async def stopped(child: asyncio.subprocess.Process) -> int | None:
    child.send_signal(signal.SIGTERM)
    await asyncio.wait_for(child.communicate(), DEADLINE)
    return child.returncode


async def test_the_process_serves_until_it_is_told_to_stop(services: Services) -> None:
    async with running("api", services) as (child, http):
        ready = await http.get("/health/ready")
        token = services.organization.token()
        answer = await http.get("/v1/jobs", headers={"Authorization": f"Bearer {token}"})
    assert (ready.status_code, answer.text) == (200, "queue")
    assert await stopped(child) == 0


async def test_the_door_is_open_while_the_broker_is_away(services: Services) -> None:
    async with running("all", services) as (child, http):
        assert (await http.get("/health/ready")).status_code == 200
    assert await stopped(child) == 0


async def test_streams_end_when_the_process_is_told_to_stop(
    services: Services, redis_url: str
) -> None:
    """Whole, and at once: neither the client nor the next process waits for the other."""
    async with running("api", services, GATEWAY_REDIS_URL=redis_url) as (child, http):
        token = services.organization.token(organization_id=str(uuid7()))
        headers = {"Authorization": f"Bearer {token}"}
        async with http.stream("GET", "/v1/events", headers=headers) as answer:
            lines = answer.aiter_lines()
            while await anext(lines):
                pass
            stopping = asyncio.create_task(stopped(child))
            assert [line async for line in lines] == []
            # Else the server would wait for the client's connection until its patience ends.
            async with asyncio.timeout(DRAIN_SECONDS / 2):
                assert await stopping == 0


async def test_a_worker_serves_nobody_and_is_ready_when_redis_is(
    services: Services, redis_url: str
) -> None:
    async with running("worker", services, GATEWAY_REDIS_URL=redis_url) as (child, http):
        assert (await http.get("/health/ready")).status_code == 200
        assert (await http.get("/v1/events")).status_code == 404
    assert await stopped(child) == 0


async def test_a_variable_that_is_missing_is_named_at_start(services: Services) -> None:
    process = await started("api", 1, services)
    _, said = await asyncio.wait_for(process.communicate(), DEADLINE)
    assert process.returncode != 0
    assert b"internal_token_key" in said
