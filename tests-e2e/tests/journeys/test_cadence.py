"""Pushes that come too fast pause a pull request, and people have it reviewed by a comment."""

import json
from typing import Any

import pytest
from crivo_local.client import Crivo, Refused
from crivo_local.workspace import EMAIL
from e2e_support.world import DEFECT, World, eventually


def push(world: World, repository: str, lines: int) -> str:
    """The sha of a head whose defect is that many lines further down."""
    pushed = world.host.push(repository, "change", files={"basket.py": "\n" * lines + DEFECT})
    return str(pushed["after"])


def paused_by_pushes(world: World, name: str) -> tuple[dict[str, Any], str]:
    """An open pull request whose third push was one too much, and the sha of that."""
    repository = world.repository(name)
    opened = world.open(repository, {"basket.py": DEFECT})
    heads = []
    for lines in (1, 2, 3):
        heads.append(push(world, repository, lines))
        # A code host counts in seconds, and within one nobody can tell which push was the last.
        eventually(lambda: heads[-1] in [e["head_sha"] for e in world.jobs_of(opened)], "its job")
    skipped = world.ended_job(opened, "skipped")
    assert (skipped["reason"], skipped["head_sha"]) == ("paused", heads[-1])
    return opened, heads[-1]


def answer_to(world: World, opened: dict[str, Any], said: str, **who: str) -> dict[str, Any]:
    """Comment, and return what Crivo answered to the webhook of that."""
    repository = opened["base"]["repo"]["full_name"]
    world.host.comment(repository, opened["number"], said, **who)
    sent = [each for each in world.host.deliveries() if each["repository"] == repository]
    assert sent[-1]["event"] == "issue_comment"
    answer: dict[str, Any] = json.loads(sent[-1]["response"])
    return answer


def test_three_quick_pushes_pause_the_reviews_and_the_check_says_so(world: World) -> None:
    opened, head = paused_by_pushes(world, "quick")
    repository = opened["base"]["repo"]["full_name"]
    check = world.check(repository, head)
    assert (check["conclusion"], check["output"]["title"]) == ("neutral", "Not reviewed")
    assert "@crivo review" in check["output"]["summary"]
    older = world.jobs_of(opened)[:-1]
    assert len(older) == 3
    assert {each["state"] for each in older} <= {"completed", "superseded"}
    assert head not in [each["commit_id"] for each in world.reviews(opened)]


def test_a_command_has_the_paused_head_reviewed_and_the_next_push_too(world: World) -> None:
    opened, head = paused_by_pushes(world, "asked")
    repository = opened["base"]["repo"]["full_name"]
    assert answer_to(world, opened, "Ready now.\n\n@crivo review")["status"] == "accepted"

    def job_of(sha: str) -> dict[str, Any] | None:
        jobs = [each for each in world.jobs_of(opened) if each["head_sha"] == sha]
        return next((each for each in jobs if each["state"] == "completed"), None)

    commanded = eventually(lambda: job_of(head), "the review that was asked for")
    assert commanded["trigger"].startswith("command:")
    assert [each["commit_id"] for each in world.reviews(opened)].count(head) == 1
    eventually(
        lambda: world.check(repository, head)["output"]["title"] != "Not reviewed", "its check"
    )
    following = push(world, repository, 4)
    eventually(lambda: job_of(following), "a review of the next push")


def test_a_head_that_was_reviewed_gets_no_second_comment_by_asking_again(world: World) -> None:
    opened = world.open(world.repository("again"), {"basket.py": DEFECT})
    world.ended_job(opened)
    answer_to(world, opened, "@crivo review")
    eventually(
        lambda: [each["state"] for each in world.jobs_of(opened)] == ["completed"] * 2,
        "a second job",
    )
    assert world.comments(opened) == [("basket.py", 1)]
    assert len(world.reviews(opened)) == 1


def test_a_repository_in_manual_mode_is_reviewed_when_somebody_asks(world: World) -> None:
    repository = world.repository("manual")
    (known,) = [each for each in world.crivo.repositories() if each["full_name"] == repository]
    with pytest.raises(Refused, match="403"):
        world.crivo.set_cadence(known["id"], mode="manual")
    with Crivo(world.platform.url) as owner:
        owner.sign_in(email=EMAIL, password=world.workspace.memory["password"])
        assert owner.set_cadence(known["id"], mode="manual")["mode"] == "manual"
    opened = world.open(repository, {"basket.py": DEFECT})
    assert world.ended_job(opened, "skipped")["reason"] == "manual"
    assert "@crivo review" in world.check(repository, opened["head"]["sha"])["output"]["summary"]
    answer_to(world, opened, "@crivo review")
    world.ended_job(opened)
    assert world.comments(opened) == [("basket.py", 1)]


def test_a_strangers_command_is_ignored_with_its_reason(world: World) -> None:
    opened, _ = paused_by_pushes(world, "stranger")
    answer = answer_to(
        world, opened, "@crivo review", author="mallory", association="FIRST_TIME_CONTRIBUTOR"
    )
    assert answer["status"] == "ignored"
    assert "mallory may not ask" in answer["reason"]
    (kept,) = [
        each
        for each in world.crivo.deliveries(status="ignored", limit=50)
        if each["delivery_id"] == answer["delivery_id"]
    ]
    assert (kept["event"], kept["reason"]) == ("issue_comment", answer["reason"])
    assert world.jobs_of(opened)[-1]["state"] == "skipped"


def test_while_the_code_host_is_away_a_command_waits(world: World) -> None:
    opened, head = paused_by_pushes(world, "waiting")
    repository = opened["base"]["repo"]["full_name"]
    with world.faults(rf"/repos/{repository}/pulls/\d+$", status=502, times=2):
        answer = answer_to(world, opened, "@crivo review")
        completed = eventually(
            lambda: next(
                (
                    each
                    for each in world.jobs_of(opened)
                    if (each["head_sha"], each["state"]) == (head, "completed")
                ),
                None,
            ),
            "the review that was asked for",
        )
    assert completed["trigger"].startswith("command:")
    resolutions = [
        line["resolution"]
        for line in world.log_lines("platform-integration")
        if line.get("delivery_id") == answer["delivery_id"] and line["event"] == "command.resolved"
    ]
    assert resolutions == ["postponed", "postponed", "told"]
