"""Lists and metrics with a million jobs in the table."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from crivo_local.platform import Platform
from crivo_web.identity import Identity, issue

from crivo_bench.rows.past_jobs import LARGEST, REPOSITORY, keep_past_jobs
from crivo_bench.site import Bench, connect, database_url
from crivo_bench.table import Line, Target, percentile

TARGET = Target(bound="≤", value=50, unit="ms")
QUERIES: Mapping[str, str] = {
    "list, newest": "/v1/jobs",
    "list, 200 a page": "/v1/jobs?limit=200",
    "list, failed": "/v1/jobs?state=failed",
    "list, running": "/v1/jobs?state=running",
    "list, one repository": f"/v1/jobs?repository_id={REPOSITORY}",
    "list, one pull request": f"/v1/jobs?repository_id={REPOSITORY}&pull_request_number=7",
    "metrics, a day": "/v1/job-metrics?hours=24",
    "metrics, a month": "/v1/job-metrics?hours=744",
}
PAGES = 20


def measure(bench: Bench) -> list[Line]:
    with bench.site("queries", only=["workflow-queue-api"]) as platform:
        begun = time.monotonic()
        with connect(database_url(platform, "workflow-queue")) as connection:
            keep_past_jobs(connection, bench.plan.past_jobs)
        bench.say(f"{bench.plan.past_jobs:,} jobs are there ({time.monotonic() - begun:.0f} s)")
        with httpx.Client(base_url=_api(platform), headers=_identity(platform)) as http:
            times = {name: _times(bench, http, path) for name, path in QUERIES.items()}
            times["list, page by page"] = _page_by_page(bench, http)
    tails = {name: percentile(each, 0.99) for name, each in times.items()}
    slowest = max(tails, key=tails.__getitem__)
    listed = ", ".join(
        f"{name} {percentile(each, 0.5):.0f}/{tails[name]:.0f}" for name, each in times.items()
    )
    return [
        Line(
            what=f"lists and metrics with {bench.plan.past_jobs:,} jobs, the slowest p99",
            ours=f"{slowest}: {tails[slowest]:.0f} ms",
            value=tails[slowest],
            target=TARGET,
            notes=(f"milliseconds over HTTP, p50/p99: {listed}",),
        )
    ]


def _times(bench: Bench, http: httpx.Client, path: str) -> list[float]:
    _ask(http, path)
    return [_ask(http, path)[0] for _ in range(bench.plan.pairs * 40)]


def _page_by_page(bench: Bench, http: httpx.Client) -> list[float]:
    times = []
    for _ in range(bench.plan.pairs * 2):
        cursor = ""
        for _ in range(PAGES):
            milliseconds, answer = _ask(http, f"/v1/jobs?limit=100{cursor}")
            times.append(milliseconds)
            cursor = f"&cursor={answer['next_cursor']}"
    return times


def _ask(http: httpx.Client, path: str) -> tuple[float, dict[str, str]]:
    begun = time.perf_counter()
    answer = http.get(path).raise_for_status()
    milliseconds = (time.perf_counter() - begun) * 1000
    said: dict[str, str] = answer.json()
    return milliseconds, said


def _api(platform: Platform) -> str:
    return f"http://127.0.0.1:{platform.parts['workflow-queue-api'].port}"


def _identity(platform: Platform) -> dict[str, str]:
    caller = Identity(subject="bench", organization_id=UUID(LARGEST), role="owner", issuer="bench")
    key = platform.keys.internal_token_key
    token = issue(caller, key, now=datetime.now(UTC), life=timedelta(hours=1))
    return {"Authorization": f"Bearer {token}"}
