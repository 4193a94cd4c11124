"""The process as it is started in earnest."""

import asyncio
import os
import signal
import sys

import httpx
from gateway_support.door import Services
from gateway_support.organization import INTERNAL_KEY
from gateway_support.peers import DEADLINE, listening

KEY = "GATEWAY_INTERNAL_TOKEN_KEY"


async def started(port: int, services: Services, **secrets: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "api",
        env={
            "PATH": os.environ["PATH"],
            "GATEWAY_PORT": str(port),
            "GATEWAY_ORGANIZATION_URL": services.organization.url,
            "GATEWAY_PLATFORM_INTEGRATION_URL": services.platform.url,
            "GATEWAY_WORKFLOW_QUEUE_URL": services.queue.url,
            "GATEWAY_CODE_REVIEW_URL": services.review.url,
            "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
            **secrets,
        },
        stdout=pipe,
        stderr=pipe,
    )  # fmt: skip


async def test_the_process_serves_until_it_is_told_to_stop(services: Services) -> None:
    with listening() as listener:
        port = listener.getsockname()[1]
    process = await started(port, services, **{KEY: INTERNAL_KEY})
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), DEADLINE)  # process.started
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        # It listens a moment after it has said that it starts.
        transport=httpx.AsyncHTTPTransport(retries=5),
    ) as http:
        ready = await http.get("/health/ready")
        answer = await http.get(
            "/v1/jobs",
            headers={"Authorization": f"Bearer {services.organization.token()}"},
        )
    assert (ready.status_code, answer.text) == (200, "queue")
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), DEADLINE)
    assert process.returncode == 0


async def test_a_variable_that_is_missing_is_named_at_start(services: Services) -> None:
    process = await started(1, services)
    _, said = await asyncio.wait_for(process.communicate(), DEADLINE)
    assert process.returncode != 0
    assert b"internal_token_key" in said
