"""What the outside hears of each message, for every sample that its publisher promises."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from crivo_contracts.event import Message
from gateway.presentation.topology import TOPOLOGY
from gateway.presentation.translation import News, change
from pydantic import TypeAdapter
from uuid_utils.compat import uuid7

CONTRACTS = Path(__file__).parents[4] / "contracts"
NEWS: TypeAdapter[Any] = TypeAdapter(News)
# No summary and no finding: those are behind /v1/reviews and its rights.
PUBLIC = {
    "job_id", "state", "repository_id", "pull_request_number", "head_sha", "trigger", "step",
    "attempt", "reason", "error_class", "next_attempt_at", "outcome", "comments_published",
    "superseded_by", "review_id", "url", "occurred_at",
}  # fmt: skip
STATES = {
    "created": "pending", "started": "running", "retry_scheduled": "retry_scheduled",
    "completed": "completed", "failed": "failed", "skipped": "skipped",
    "superseded": "superseded", "cancelled": "cancelled",
}  # fmt: skip
HEARD = [
    binding.routing_key.removesuffix(".*")
    for queue in TOPOLOGY.queues
    for binding in queue.bindings
]
SAMPLES = [
    sample
    for sample in sorted(CONTRACTS.glob("*/samples/*/*.json"))
    if sample.parent.name.rpartition(".")[0] in HEARD
]


def told(sample: Path) -> tuple[str, dict[str, Any], Message]:
    news = NEWS.validate_json(sample.read_bytes())
    made = change(news, uuid7())
    assert made.organization_id == news.organization_id
    return made.name, json.loads(made.data), news


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: f"{each.parent.name}-{each.stem}")
def test_a_message_is_told_by_its_name_with_public_members_only(sample: Path) -> None:
    name, data, news = told(sample)
    assert name == news.type.split(".")[1]
    assert data.keys() <= PUBLIC
    assert None not in data.values()
    assert data["job_id"] == json.loads(sample.read_bytes())["job_id"]
    assert datetime.fromisoformat(data["occurred_at"]) == news.occurred_at  # type: ignore[attr-defined]
    if name.startswith("job_"):
        assert data["state"] == STATES[name.removeprefix("job_")]
        assert {"repository_id", "pull_request_number"} <= data.keys()


def test_every_message_that_is_heard_has_samples() -> None:
    assert {sample.parent.name.rpartition(".")[0] for sample in SAMPLES} == set(HEARD)


@pytest.mark.parametrize(
    ("name", "members"),
    [
        (
            "workflow_queue.job_retry_scheduled",
            {"step", "attempt", "reason", "error_class", "next_attempt_at"},
        ),
        ("workflow_queue.job_failed", {"step", "attempt", "reason", "error_class"}),
        ("workflow_queue.job_completed", {"outcome", "comments_published"}),
        ("workflow_queue.job_superseded", {"superseded_by"}),
        ("code_review.review_failed", {"review_id", "attempt", "reason", "error_class"}),
        ("platform_integration.review_published", {"comments_published", "url"}),
    ],
)
def test_what_is_of_use_is_told(name: str, members: set[str]) -> None:
    (sample,) = CONTRACTS.glob(f"*/samples/{name}.v1/complete.json")
    assert members <= told(sample)[1].keys()
