"""GitHub's adapter where GitHub differs from other hosts: its limits, errors and omissions."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from crivo_simulators.faults import Fault
from crivo_simulators.github import GitHubSimulator, run_github
from platform_integration.application.ports import (
    HostAway,
    HostNotFound,
    HostRateLimited,
    HostRefused,
)
from platform_integration.domain.change_set import ChangeSet
from platform_integration.infrastructure.addresses import OutboundPolicy
from platform_integration.infrastructure.github import MAXIMUM_FILE_BYTES, MAXIMUM_FILES, GitHub
from platform_integration_support.builders import NOON, a_check, a_review
from platform_integration_support.hosts import ORDERS, github, integration_with, propose

LATER = datetime(2026, 11, 24, 13, tzinfo=UTC)


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[GitHubSimulator]:
    async with run_github(tmp_path / "host") as simulator:
        yield simulator


@pytest.fixture
async def host(simulator: GitHubSimulator) -> AsyncIterator[GitHub]:
    async with httpx.AsyncClient(timeout=30) as http:
        yield github(simulator, http)


@pytest.mark.parametrize(
    ("fault", "retry_at"),
    [
        ({"status": 429, "headers": {"retry-after": "7"}}, NOON + timedelta(seconds=7)),
        ({"status": 403, "headers": {"retry-after": "7"}}, NOON + timedelta(seconds=7)),
        (
            {
                "status": 403,
                "headers": {
                    "x-ratelimit-remaining": "0",
                    "x-ratelimit-reset": str(int(LATER.timestamp())),
                },
            },
            LATER,
        ),
        ({"status": 429, "headers": {"retry-after": "soon"}}, NOON + timedelta(minutes=1)),
        ({"status": 429}, NOON + timedelta(minutes=1)),
        (
            {"status": 403, "message": "You have exceeded a secondary rate limit. Please wait."},
            NOON + timedelta(minutes=1),
        ),
    ],
    ids=["429", "403", "403 until reset", "unreadable time", "no time", "in words only"],
)
async def test_a_rate_limit_says_when_to_come_back(
    simulator: GitHubSimulator, host: GitHub, fault: dict[str, Any], retry_at: datetime
) -> None:
    simulator.fail(Fault(path=".", **fault))
    with pytest.raises(HostRateLimited) as raised:
        await host.repository(ORDERS)
    assert raised.value.retry_at == retry_at


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"status": 500}, HostAway),
        ({"status": 502}, HostAway),
        ({"status": 503, "headers": {"retry-after": "7"}}, HostAway),
        ({"drop": True}, HostAway),
        ({"status": 401}, HostRefused),
        ({"status": 403, "headers": {"x-ratelimit-remaining": "12"}}, HostRefused),
        ({"status": 422}, HostRefused),
        ({"status": 404}, HostNotFound),
        ({"status": 301}, HostRefused),
    ],
    ids=str,
)
async def test_a_failure_is_told_by_whether_trying_again_helps(
    simulator: GitHubSimulator,
    host: GitHub,
    fault: dict[str, Any],
    problem: type[Exception],
) -> None:
    simulator.fail(Fault(path=".", **fault))
    with pytest.raises(Exception, match="/repos/") as raised:
        await host.repository(ORDERS)
    assert raised.type is problem


async def test_a_host_that_is_too_slow_is_away(simulator: GitHubSimulator) -> None:
    simulator.fail(Fault(path=".", delay_seconds=5))
    async with httpx.AsyncClient(timeout=0.2) as http:
        with pytest.raises(HostAway, match="/repos/"):
            await github(simulator, http).repository(ORDERS)


async def test_a_host_that_nobody_listens_at_is_away(simulator: GitHubSimulator) -> None:
    async with httpx.AsyncClient() as http:
        nowhere = replace(integration_with(simulator), api_url="http://127.0.0.1:1")
        host = GitHub(http, OutboundPolicy(allow_private=True), lambda: NOON, nowhere)
        with pytest.raises(HostAway, match="ConnectError"):
            await host.repository(ORDERS)


async def test_a_refusal_repeats_what_github_said_and_never_the_token(
    simulator: GitHubSimulator, host: GitHub
) -> None:
    change_set_id = await propose(simulator)
    with pytest.raises(HostRefused, match="commit is not part of the pull request") as raised:
        await host.post_review(ORDERS, change_set_id.number, a_review(head_sha="c" * 40))
    assert simulator.token not in str(raised.value)


async def fetched(
    simulator: GitHubSimulator,
    host: GitHub,
    after: dict[str, str | None],
    before: dict[str, str | None],
) -> ChangeSet:
    return await host.change_set(await propose(simulator, after, before), ORDERS)


async def test_a_diff_that_github_finds_too_large_is_made_of_the_list_of_files(
    simulator: GitHubSimulator, host: GitHub
) -> None:
    before: dict[str, str | None] = {"gone": "x\n", "old": "a\nb\nc\ne\nf\n", "same": "1\n"}
    after: dict[str, str | None] = {
        "gone": None,
        "old": None,
        "new": "a\nb\nd\ne\nf\n",
        "added": "y\n" * 20_001,
        "same": "2\n",
        "empty": "",
        "binary": "\0",
        "odd\n@@ -1 +1 @@": "z\n",
    }
    found = await fetched(simulator, host, after, before)
    shown = {file.path: (file.status, file.content) for file in found.files}
    assert shown["gone"] == ("removed", None)
    assert shown["added"] == ("added", "y\n" * 20_001)
    assert shown["same"] == ("modified", "2\n")
    assert shown["new"] == ("renamed", "a\nb\nd\ne\nf\n")
    assert shown["empty"] == ("added", "")
    assert shown["binary"] == ("added", None)
    assert shown["odd\n@@ -1 +1 @@"] == ("added", "z\n")
    assert len(shown) == 7
    assert not found.truncated
    lines = await host.commentable_lines(ORDERS, found.id.number)
    assert lines["same"] == [frozenset({1})]


async def test_only_so_many_files_are_read(simulator: GitHubSimulator, host: GitHub) -> None:
    after: dict[str, str | None] = {f"{n:03}.txt": "x\n" for n in range(MAXIMUM_FILES + 1)}
    found = await fetched(simulator, host, after, {"a": "x\n"})
    assert len(found.files) == MAXIMUM_FILES
    assert found.truncated


async def test_a_file_that_cannot_be_read_says_why(
    simulator: GitHubSimulator, host: GitHub
) -> None:
    long = "x" * MAXIMUM_FILE_BYTES
    change_set_id = await propose(
        simulator, {"large.txt": long + "y\n", "lost.txt": "x\n"}, {"large.txt": long}
    )
    simulator.fail(Fault(path="lost.txt", status=404))
    found = await host.change_set(change_set_id, ORDERS)
    assert {file.path: (file.content, file.omitted_reason) for file in found.files} == {
        "large.txt": (None, "larger than 1 MB"),
        "lost.txt": (None, "not readable at the head"),
    }


async def test_a_review_is_found_on_a_later_page(simulator: GitHubSimulator, host: GitHub) -> None:
    change_set_id = await propose(simulator)
    review = a_review(head_sha=change_set_id.head_sha)
    made = simulator.host
    for _ in range(100):
        await made.create_review(
            ORDERS, change_set_id.number, {"event": "COMMENT", "body": "Of a person"}
        )
    posted = await host.post_review(ORDERS, change_set_id.number, review)
    assert await host.find_review(ORDERS, change_set_id.number, review) == posted


async def test_a_check_whose_making_went_unheard_is_not_made_twice(
    simulator: GitHubSimulator, host: GitHub
) -> None:
    change_set_id = await propose(simulator)
    simulator.fail(Fault(path="/check-runs$", drop=True, after=True))
    check = a_check(head_sha=change_set_id.head_sha)
    with pytest.raises(HostAway):
        await host.report_check(ORDERS, check)
    await host.report_check(ORDERS, replace(check, attempts=1))
    assert len(simulator.host.catalogue.repository(ORDERS)["check_runs"]) == 1
