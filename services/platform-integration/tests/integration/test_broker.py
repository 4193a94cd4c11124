"""Commands and events over a real broker become reviews and checks on a code host."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from crivo_contracts.event import Failure
from crivo_simulators.faults import Fault
from crivo_simulators.github import GitHubSimulator, run_github
from crivo_testkit.inbox import forgotten, handled_long_ago
from platform_integration.bootstrap import Service, open_service
from platform_integration.domain.change_set import ChangeSetId
from platform_integration.domain.integration import Repository
from platform_integration.infrastructure.tables import messaging
from platform_integration.settings import Settings
from platform_integration_contracts.commands import MissingStage
from platform_integration_support.builders import NOON, ORGANIZATION
from platform_integration_support.callers import settings
from platform_integration_support.hosts import ORDERS, connect, propose
from platform_integration_support.peers import a_command, a_finding, at_work
from sqlalchemy import select
from uuid_utils.compat import uuid7
from workflow_queue_contracts.events import (
    JobCancelledV1,
    JobEvent,
    JobFailedV1,
    JobRetryScheduledV1,
    JobSkippedV1,
    JobStartedV1,
    JobSupersededV1,
)

FAILURE = Failure(error_class="transient", reason="the analyzer timed out")


@pytest.fixture
def configuration(database_url: str, vhost_url: str) -> Settings:
    return settings(database_url, vhost_url)


@pytest.fixture
async def service(configuration: Settings) -> AsyncIterator[Service]:
    async with open_service(configuration) as service:
        yield service


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[GitHubSimulator]:
    async with run_github(tmp_path / "host") as simulator:
        yield simulator


@pytest.fixture
async def proposed(simulator: GitHubSimulator) -> ChangeSetId:
    return await propose(simulator)


@pytest.fixture
async def repository(
    service: Service, simulator: GitHubSimulator, proposed: ChangeSetId
) -> Repository:
    return await connect(service, simulator)


def pull(simulator: GitHubSimulator) -> dict[str, Any]:
    return simulator.host.catalogue.pull(ORDERS, 1)


async def checks(service: Service, simulator: GitHubSimulator) -> list[dict[str, Any]]:
    """Those of the code host, once one was due and has been reported."""
    while not await service.app.report_checks():
        pass
    found: list[dict[str, Any]] = simulator.host.catalogue.repository(ORDERS)["check_runs"]
    return found


async def test_a_review_is_published_and_answered(
    service: Service,
    configuration: Settings,
    simulator: GitHubSimulator,
    repository: Repository,
    proposed: ChangeSetId,
) -> None:
    command = a_command(
        repository,
        proposed,
        a_finding(5),
        a_finding(15),
        a_finding(27, end_line=28, replacement="x = 1"),
        outcome="partial",
        summary_comments=(a_finding(6),),
        missing_stages=(MissingStage(stage="analyze", reason="ast-grep timed out"),),
    )
    async with at_work(service, configuration) as peers:
        sent = await peers.send(command)
        answer = await peers.heard.get()
        (check,) = await checks(service, simulator)
        await peers.repeat(sent)
        again = await peers.heard.get()
    assert answer["type"] == again["type"] == "platform_integration.review_published.v1"
    assert (answer["job_id"], answer["comments_published"]) == (str(command.job_id), 2)
    (review,) = pull(simulator)["reviews"]
    assert "ast-grep timed out" in review["body"]
    assert "2 more, not on their lines" in review["body"]
    placed = [(c["start_line"], c["line"]) for c in pull(simulator)["comments"]]
    assert placed == [(None, 5), (27, 28)]
    assert "```suggestion\nx = 1\n```" in pull(simulator)["comments"][1]["body"]
    assert (check["status"], check["conclusion"]) == ("completed", "neutral")
    assert check["external_id"] == str(command.job_id)


async def test_a_worker_says_that_it_lives_while_it_waits_for_the_code_host(
    service: Service,
    configuration: Settings,
    simulator: GitHubSimulator,
    repository: Repository,
    proposed: ChangeSetId,
) -> None:
    simulator.fail(Fault(path="/reviews$", delay_seconds=4))
    command = a_command(repository, proposed, a_finding(5), attempt=2)
    async with at_work(service, configuration) as peers:
        await peers.send(command)
        heartbeat = await peers.heartbeats.get()
        await peers.heard.get()
    assert heartbeat["type"] == "platform_integration.publication_progressed.v1"
    assert (heartbeat["job_id"], heartbeat["attempt"]) == (str(command.job_id), 2)


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        ({"status": 502}, "transient"),
        ({"status": 429, "headers": {"retry-after": "60"}}, "rate_limited"),
        ({"status": 401}, "permanent"),
    ],
    ids=str,
)
async def test_a_review_that_could_not_be_published_is_answered_with_the_class_of_the_failure(
    service: Service,
    configuration: Settings,
    simulator: GitHubSimulator,
    repository: Repository,
    proposed: ChangeSetId,
    fault: dict[str, Any],
    error_class: str,
) -> None:
    simulator.fail(Fault(path="/reviews$", **fault))
    async with at_work(service, configuration) as peers:
        await peers.send(a_command(repository, proposed, a_finding(5)))
        failed = await peers.heard.get()
        await peers.send(a_command(repository, proposed, a_finding(5), attempt=2))
        published = await peers.heard.get()
    assert failed["type"] == "platform_integration.review_publication_failed.v1"
    assert failed["failure"]["error_class"] == error_class
    assert (failed["failure"]["retry_at"] is not None) is (error_class == "rate_limited")
    assert published["type"] == "platform_integration.review_published.v1"
    assert len(pull(simulator)["reviews"]) == 1


async def test_a_repository_that_is_gone_is_a_permanent_failure(
    service: Service, configuration: Settings, repository: Repository, proposed: ChangeSetId
) -> None:
    async with at_work(service, configuration) as peers:
        await peers.send(a_command(repository, proposed, repository_id=uuid7()))
        failed = await peers.heard.get()
    assert failed["failure"]["error_class"] == "permanent"
    assert "no such repository" in failed["failure"]["reason"]


def said(kind: type[JobEvent], repository: Repository, head_sha: str, **more: Any) -> JobEvent:
    return kind(
        organization_id=ORGANIZATION,
        occurred_at=NOON,
        job_id=more.pop("job_id", None) or uuid7(),
        repository_id=repository.id,
        pull_request_number=1,
        head_sha=head_sha,
        **more,
    )


@pytest.mark.parametrize(
    ("kind", "more", "conclusion", "title"),
    [
        (JobStartedV1, {"attempt": 1}, None, "Reviewing"),
        (
            JobRetryScheduledV1,
            {"step": "analyze", "attempt": 1, "failure": FAILURE, "retry_at": NOON},
            None,
            "Trying again: analyze failed",
        ),
        (
            JobFailedV1,
            {"step": "analyze", "attempts": 3, "failure": FAILURE},
            "failure",
            "The review failed",
        ),
        (JobSkippedV1, {"reason": "draft"}, "neutral", "Not reviewed"),
        (JobSupersededV1, {"superseded_by": uuid7()}, "neutral", "Superseded"),
        (JobCancelledV1, {"reason": "pull_request_closed"}, "neutral", "Cancelled"),
    ],
    ids=["started", "retry", "failed", "skipped", "superseded", "cancelled"],
)
async def test_what_becomes_of_a_job_is_shown_by_the_check_of_its_head(
    service: Service,
    configuration: Settings,
    simulator: GitHubSimulator,
    repository: Repository,
    proposed: ChangeSetId,
    kind: type[JobEvent],
    more: dict[str, Any],
    conclusion: str | None,
    title: str,
) -> None:
    async with at_work(service, configuration) as peers:
        await peers.tell(said(kind, repository, proposed.head_sha, **more))
        (check,) = await checks(service, simulator)
    assert check["status"] == ("completed" if conclusion else "in_progress")
    assert (check["conclusion"], check["output"]["title"]) == (conclusion, title)


async def test_a_check_follows_its_job_and_not_a_late_word(
    service: Service,
    configuration: Settings,
    simulator: GitHubSimulator,
    repository: Repository,
    proposed: ChangeSetId,
) -> None:
    job = {"job_id": uuid7()}
    sha = proposed.head_sha
    started = said(JobStartedV1, repository, sha, attempt=1, **job)
    skipped = said(JobSkippedV1, repository, sha, reason="draft", **job)
    async with at_work(service, configuration) as peers:
        await peers.tell(started, sequence=1)
        await checks(service, simulator)
        await peers.tell(skipped, sequence=2)
        await checks(service, simulator)
        await peers.tell(started, sequence=1)
        await peers.send(a_command(repository, proposed, **job))
        await peers.heard.get()
        found = await checks(service, simulator)
    assert [run["output"]["title"] for run in found] == ["Nothing found"]


class JobStartedV9(JobEvent):
    mandatory = True
    type: Literal["workflow_queue.job_started.v9"] = "workflow_queue.job_started.v9"


async def test_a_version_nobody_knows_is_kept_and_stops_nobody(
    service: Service,
    configuration: Settings,
    simulator: GitHubSimulator,
    repository: Repository,
    proposed: ChangeSetId,
) -> None:
    table = messaging.dead_letters.c
    async with at_work(service, configuration) as peers:
        await peers.tell(said(JobStartedV9, repository, proposed.head_sha))
        await peers.tell(said(JobStartedV1, repository, proposed.head_sha, attempt=1))
        assert len(await checks(service, simulator)) == 1
        dead_letters: list[Any] = []
        while not dead_letters:
            async with service.engine.connect() as connection:
                dead_letters = [*await connection.execute(select(table.queue, table.type))]
    assert [tuple(dead_letter) for dead_letter in dead_letters] == [
        ("platform-integration.job-progress", "workflow_queue.job_started.v9")
    ]


async def test_a_pull_request_of_two_files_costs_seven_calls(
    service: Service,
    configuration: Settings,
    simulator: GitHubSimulator,
) -> None:
    proposed = await propose(simulator, {"a.py": "x\n", "b.py": "y\n"})
    repository = await connect(service, simulator)
    calls = simulator.layer.calls
    calls.clear()
    own = replace(proposed, repository_id=repository.id)
    async with at_work(service, configuration) as peers:
        await peers.tell(said(JobStartedV1, repository, proposed.head_sha, attempt=1), sequence=1)
        await checks(service, simulator)
        await service.app.read_change_set(str(own))
        await peers.send(a_command(repository, proposed, a_finding(1, path="a.py")))
        await peers.heard.get()
        await checks(service, simulator)
    path = f"/repos/{ORDERS}"
    run = simulator.host.catalogue.repository(ORDERS)["check_runs"][0]["id"]
    assert sorted((call["method"], call["path"].removeprefix(path)) for call in calls) == [
        ("GET", "/contents/a.py"),
        ("GET", "/contents/b.py"),
        ("GET", "/pulls/1"),
        ("GET", "/pulls/1"),
        ("PATCH", f"/check-runs/{run}"),
        ("POST", "/check-runs"),
        ("POST", "/pulls/1/reviews"),
    ]


async def test_what_was_handled_long_ago_is_forgotten_while_the_relay_runs(
    service: Service, configuration: Settings, database_url: str
) -> None:
    await handled_long_ago(database_url)
    async with at_work(service, configuration):
        await forgotten(database_url)
