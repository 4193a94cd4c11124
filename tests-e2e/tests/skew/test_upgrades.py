"""Each team deploys when it wants to: the last release of a service works with what others run now.

Upgraded one by one, in one order and in the other, every two services have run as old with new and
as new with old. A store is migrated while the old version serves (expand before, contract after).
"""

import json
from typing import Any

import pytest
from crivo_local.services import PROCESSES
from e2e_support.world import DEFECT, World, eventually

RUNNING = 2


def open_one(world: World, name: str) -> dict[str, Any]:
    return world.open(world.repository(name), {"basket.py": DEFECT})


def open_one_that_waits(world: World, name: str) -> dict[str, Any]:
    """A pull request whose job the old versions started, and others may have to end."""
    repository = world.repository(name)
    reviews = rf"/repos/{repository}/pulls/\d+/reviews$"
    with world.faults(reviews, method="POST", status=429, headers={"Retry-After": "5"}, times=1):
        opened = world.open(repository, {"basket.py": DEFECT})
        eventually(lambda: was_limited(world, opened), f"{name} is told to wait")
    return opened


def was_limited(world: World, opened: dict[str, Any]) -> bool:
    return any(
        event["error_class"] == "rate_limited"
        for job in world.jobs_of(opened)
        for event in world.crivo.history(job["id"])
    )


def push(world: World, opened: dict[str, Any]) -> str:
    """The sha of a newer head, whose defect is one line further down."""
    repository = opened["base"]["repo"]["full_name"]
    pushed = world.host.push(repository, "change", files={"basket.py": f"\n{DEFECT}"})
    return str(pushed["after"])


def is_reviewed_exactly_once(world: World, opened: dict[str, Any], *newer: str) -> None:
    """Each head: that it was opened with, and `newer` ones."""
    heads = [opened["head"]["sha"], *newer]
    eventually(
        lambda: [each["state"] for each in world.jobs_of(opened)] == ["completed"] * len(heads),
        f"{len(heads)} completed jobs of {opened['html_url']}",
    )
    assert [each["head_sha"] for each in world.jobs_of(opened)] == heads
    assert [each["commit_id"] for each in world.reviews(opened)] == heads


def ask_for_a_review(world: World, opened: dict[str, Any]) -> bool:
    """Whether this version knows of commands at all."""
    repository = opened["base"]["repo"]["full_name"]
    world.host.comment(repository, opened["number"], "@crivo review")
    sent = [each for each in world.host.deliveries() if each["repository"] == repository]
    assert sent[-1]["event"] == "issue_comment"
    return bool(json.loads(sent[-1]["response"])["status"] == "accepted")


def is_reviewed_again_by_the_same_review(world: World, opened: dict[str, Any]) -> None:
    states = ["completed"] * 2
    eventually(
        lambda: [each["state"] for each in world.jobs_of(opened)] == states,
        f"the review of {opened['html_url']} that was asked for",
    )
    assert len(world.reviews(opened)) == 1


def dead_letters(world: World) -> list[dict[str, Any]]:
    return [
        line
        for service in PROCESSES
        for line in world.log_lines(service)
        if line["event"] == "message.dead_lettered"
    ]


def migrate_under_load(world: World, service: str) -> None:
    """Reviews go on while the schema changes, and after that with the code of the release."""
    running = [open_one(world, f"{service}-migrated-{number}") for number in range(RUNNING)]
    world.platform.migrate(service)
    expanded = open_one(world, f"{service}-expanded")
    for opened in (*running, expanded):
        is_reviewed_exactly_once(world, opened)


def upgrade_under_load(world: World, service: str) -> None:
    """What one version began another ends, and goes on with."""
    waits = open_one_that_waits(world, f"{service}-waits")
    running = [open_one(world, f"{service}-upgraded-{number}") for number in range(RUNNING)]
    world.platform.upgrade(service)
    for opened in (waits, *running):
        is_reviewed_exactly_once(world, opened)
        assert world.comments(opened) == [("basket.py", 1)]
    is_reviewed_exactly_once(world, waits, push(world, waits))


@pytest.mark.parametrize(
    "order", [tuple(PROCESSES), tuple(reversed(PROCESSES))], ids=["this-way", "that-way"]
)
def test_no_review_is_lost_or_doubled_while_services_are_upgraded_one_by_one(
    released: World, order: tuple[str, ...]
) -> None:
    asked = []
    for service in order:
        migrate_under_load(released, service)
        upgrade_under_load(released, service)
        later = open_one(released, f"{service}-later")
        is_reviewed_exactly_once(released, later)
        if ask_for_a_review(released, later):
            asked.append(later)
    assert asked
    for opened in asked:
        # Whoever was to obey may not have known how at that time; the command waited.
        is_reviewed_again_by_the_same_review(released, opened)
    assert dead_letters(released) == []
