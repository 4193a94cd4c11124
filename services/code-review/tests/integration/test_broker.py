"""The service on a real broker and database, with the other services played by the test."""

from typing import Literal

import pytest
from code_review.application.views import ReviewView
from code_review.bootstrap import Service
from code_review.domain.review import Subject, review_id
from code_review_support.builders import NOON, a_subject
from code_review_support.memory import MemoryAnalyzer
from code_review_support.peers import at_work
from code_review_support.platform import PlatformIntegration, a_problem
from crivo_contracts.event import Command, Event


async def view(service: Service, subject: Subject) -> ReviewView:
    return await service.app.views.review(subject.organization_id, review_id(subject.job_id))


async def dead_letters(service: Service) -> list[tuple[str, str]]:
    found = await service.database["dead_letters"].find().to_list()
    return [(each["queue"], each["type"]) for each in found]


async def test_a_command_becomes_a_review(
    connected: Service, platform: PlatformIntegration
) -> None:
    subject = a_subject()
    async with at_work(connected) as peers:
        await peers.analyze(subject, attempt=2)
        started, completed = await peers.next(), await peers.next()

    assert started["type"] == "code_review.review_started.v1"
    assert completed["type"] == "code_review.review_completed.v1"
    for message in (started, completed):
        assert message["job_id"] == str(subject.job_id)
        assert message["attempt"] == 2
        assert message["organization_id"] == str(subject.organization_id)
        assert message["review_id"] == str(review_id(subject.job_id))
    assert completed["outcome"] == "complete"
    assert [(each["path"], each["start_line"]) for each in completed["findings"]] == [
        ("cart.py", 2)
    ]
    (request,) = platform.requests
    assert request.startswith(f"GET /internal/v1/change-sets/{subject.change_set_id} ")
    assert (await view(connected, subject)).status == "complete"
    assert await dead_letters(connected) == []


async def test_a_review_does_not_wait_for_somebody_to_hear_that_it_began(
    connected: Service,
) -> None:
    async with at_work(connected, hearing="review_completed.*") as peers:
        await peers.analyze(a_subject())
        completed = await peers.next()
    assert completed["type"] == "code_review.review_completed.v1"


async def test_a_worker_says_that_it_lives_while_it_analyzes(
    connected: Service, analyzer: MemoryAnalyzer
) -> None:
    analyzer.gate.clear()
    subject = a_subject()
    async with at_work(connected) as peers:
        await peers.analyze(subject, attempt=2)
        heartbeat = await peers.heartbeats.get()
        analyzer.gate.set()
        await peers.next()
        await peers.next()
    assert heartbeat["type"] == "code_review.review_progressed.v1"
    assert (heartbeat["job_id"], heartbeat["attempt"]) == (str(subject.job_id), 2)


async def test_a_command_that_comes_twice_makes_one_review(
    connected: Service, analyzer: MemoryAnalyzer
) -> None:
    subject, other = a_subject(), a_subject()
    async with at_work(connected) as peers:
        command = await peers.analyze(subject)
        await peers.repeat(command)
        await peers.analyze(subject)
        # One at a time: when this one is done, so are those before it.
        await peers.analyze(other)
        heard = [await peers.next() for _ in range(4)]
    about = [each["type"].split(".")[1] for each in heard if each["job_id"] == str(subject.job_id)]
    assert about == ["review_started", "review_completed"]
    assert peers.heard.empty()
    assert analyzer.asked == 2
    assert await dead_letters(connected) == []


async def test_a_change_set_that_cannot_be_had_is_told_with_its_class(
    connected: Service, platform: PlatformIntegration, analyzer: MemoryAnalyzer
) -> None:
    platform.answer = a_problem(404, "no such pull request")
    subject = a_subject()
    async with at_work(connected) as peers:
        await peers.analyze(subject)
        await peers.next()
        failed = await peers.next()
    assert failed["type"] == "code_review.review_failed.v1"
    assert failed["failure"] == {
        "error_class": "permanent",
        "reason": "change set: 404 no such pull request",
        "retry_at": None,
    }
    assert (await view(connected, subject)).status == "failed"
    assert analyzer.asked == 0
    assert await dead_letters(connected) == []


async def test_a_cancelled_job_is_told_to_nobody(
    connected: Service, analyzer: MemoryAnalyzer
) -> None:
    analyzer.gate.clear()
    subject, other = a_subject(), a_subject()
    stops = connected.app.stop_review.stops
    async with at_work(connected) as peers:
        command = await peers.analyze(subject)
        await analyzer.begun.wait()
        await peers.cancelled(subject, sequence=command.sequence + 1)
        while not await stops.after(subject.job_id, sequence=command.sequence):
            pass
        analyzer.gate.set()
        await peers.analyze(other)
        heard = [await peers.next() for _ in range(3)]
    about = [each["type"].split(".")[1] for each in heard if each["job_id"] == str(subject.job_id)]
    assert about == ["review_started"]
    assert (await view(connected, subject)).status == "stopped"


class JobSupersededV9(Event):
    type: Literal["workflow_queue.job_superseded.v9"] = "workflow_queue.job_superseded.v9"


class AnalyzePullRequestOfNothing(Command):
    type: Literal["code_review.analyze_pull_request.v1"] = "code_review.analyze_pull_request.v1"


@pytest.mark.parametrize(
    ("message", "exchange", "queue"),
    [
        (
            JobSupersededV9(organization_id=a_subject().organization_id, occurred_at=NOON),
            "workflow.exchange",
            "code-review.job-stops",
        ),
        (
            AnalyzePullRequestOfNothing(organization_id=a_subject().organization_id),
            "code_review.commands",
            "code-review.analyze-pull-request",
        ),
    ],
    ids=["unknown version", "malformed"],
)
async def test_what_cannot_be_handled_is_kept_and_stops_nobody(
    connected: Service, message: Command | Event, exchange: str, queue: str
) -> None:
    subject = a_subject()
    async with at_work(connected) as peers:
        await peers.say(message, exchange=exchange)
        await peers.analyze(subject)
        await peers.next()
        await peers.next()
        while not (found := await dead_letters(connected)):
            pass
    assert found == [(queue, message.type)]
    assert (await view(connected, subject)).status == "complete"
