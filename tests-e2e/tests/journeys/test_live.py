"""A review is followed as it happens, also by somebody whose connection breaks in the middle."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from e2e_support.world import DEADLINE_SECONDS, DEFECT, World


@dataclass(frozen=True, slots=True)
class Heard:
    id: str
    event: str
    data: dict[str, Any]


@contextmanager
def listening(world: World, key: str, last: str | None = None) -> Iterator[Iterator[Heard]]:
    headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": last} if last else {})
    url = f"{world.platform.url}/v1/events"
    with httpx.stream("GET", url, headers=headers, timeout=DEADLINE_SECONDS) as answer:
        assert answer.status_code == 200, answer.read()
        yield events(answer.iter_lines())


def events(lines: Iterator[str]) -> Iterator[Heard]:
    fields: dict[str, str] = {}
    for line in lines:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield Heard(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}


def until(heard: Iterator[Heard], event: str, job_id: str) -> list[Heard]:
    """What is told of the job, up to this; journeys before this one may still be told of."""
    told = []
    for each in heard:
        if each.data.get("job_id") == job_id:
            told.append(each)
            if each.event == event:
                return told
    raise AssertionError(f"the stream ended before {event}")


def test_a_review_is_followed_live_and_a_broken_stream_goes_on_where_it_broke(
    world: World,
) -> None:
    repository, key = world.repository("live"), world.workspace.memory["api_key"]
    with listening(world, key) as heard:
        assert next(heard).event == "ready"
        opened = world.open(repository, {"basket.py": DEFECT})
        created = next(each for each in heard if each.event == "job_created")
        job_id = created.data["job_id"]
        before = [created, *until(heard, "job_started", job_id)]
    job = world.ended_job(opened)
    with listening(world, key, before[-1].id) as heard:
        assert next(heard).event == "ready"
        after = until(heard, "job_completed", job_id)

    assert job["id"] == job_id
    told = [each.event for each in before + after]
    assert [each for each in told if each.startswith("job_")] == [
        "job_created",
        "job_started",
        "job_completed",
    ]
    assert sorted(each for each in told if each.startswith("review_")) == [
        "review_completed",
        "review_published",
        "review_started",
    ]
    assert (after[-1].data["state"], after[-1].data["comments_published"]) == ("completed", 1)
    with listening(world, key, created.id) as heard:
        next(heard)
        assert until(heard, "job_completed", job_id) == (before + after)[1:]
