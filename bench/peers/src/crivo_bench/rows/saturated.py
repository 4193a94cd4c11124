"""Webhooks through the public door while there are more reviews to do than the machine can."""

import asyncio
import threading
import time
from collections.abc import Sequence
from statistics import median
from uuid import uuid4

import httpx
import psutil

from crivo_bench.rows.deliveries import NotStored
from crivo_bench.rows.reviews import SmallPullRequests, small_pull_requests
from crivo_bench.site import Bench
from crivo_bench.table import Line, Target, percentile
from crivo_bench.webhook_body import signature, webhook_body

TARGET = Target(bound="≤", value=250, unit="ms")
A_SECOND = 25


def measure(bench: Bench) -> list[Line]:
    with bench.site("saturated") as platform, bench.workspace(platform) as workspace:
        pulls = small_pull_requests(workspace, "bench/saturated")
        # More than can be done in the time.
        branches = pulls.prepare(bench.plan.seconds * bench.plan.pairs * 6)
        idle = [_leg(bench, pulls) for _ in range(bench.plan.pairs)]
        opening = threading.Thread(target=pulls.open_all, args=[branches])
        opening.start()
        psutil.cpu_percent()
        begun, before = time.perf_counter(), pulls.reviewed()
        busy = [_leg(bench, pulls) for _ in range(bench.plan.pairs)]
        used, seconds = psutil.cpu_percent(), time.perf_counter() - begun
        done = pulls.reviewed()
        opening.join()
    worst = median(percentile(leg, 0.99) for leg in busy)
    return [
        Line(
            what="webhook accepted while reviews saturate the machine, p99",
            ours=f"{worst:.0f} ms, p50 {median(each for leg in busy for each in leg):.0f} ms",
            against=f"idle {median(percentile(leg, 0.99) for leg in idle):.0f} ms,"
            f" p50 {median(each for leg in idle for each in leg):.0f} ms",
            value=worst,
            target=TARGET,
            notes=(
                f"{A_SECOND} a second, each over a connection of its own; meanwhile the machine"
                f" was busy {used:.0f} % of the time, did {(done - before) / seconds:.1f} reviews"
                f" a second, and {len(branches) - done} of {len(branches)} were not done at the"
                " end",
            ),
        )
    ]


def _leg(bench: Bench, pulls: SmallPullRequests) -> Sequence[float]:
    return asyncio.run(_deliver(pulls, bench.plan.seconds * A_SECOND))


async def _deliver(pulls: SmallPullRequests, count: int) -> Sequence[float]:
    """Milliseconds of each delivery, sent at a steady pace whatever became of the one before."""
    workspace = pulls.workspace
    known = {"id": pulls.repository_id, "full_name": pulls.repository}
    # Of pull requests that nobody reviews, so that they are no work for those who are busy.
    body = webhook_body(known, action="closed", number=100_000)
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-Hub-Signature-256": signature(workspace.memory["webhook_secret"], body),
    }
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(limits=limits, timeout=30, verify=False) as http:  # noqa: S501

        async def one() -> float:
            sent = time.perf_counter()
            answer = await http.post(
                f"{workspace.platform.url}/webhooks/github",
                content=body,
                headers={**headers, "X-GitHub-Delivery": str(uuid4())},
            )
            if answer.status_code != 202 or answer.json()["status"] != "accepted":
                raise NotStored(answer.text)
            return (time.perf_counter() - sent) * 1000

        sending = []
        begun = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / A_SECOND - time.perf_counter()))
            sending.append(asyncio.ensure_future(one()))
        return await asyncio.gather(*sending)
