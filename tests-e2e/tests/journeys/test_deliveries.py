"""What the public door answers to webhooks of every kind, and what is stored of them."""

import hashlib
import hmac
import json
from typing import Any
from uuid import uuid4

import httpx
from e2e_support.world import DEFECT, World, eventually


def send(world: World, body: bytes, *, secret: str | None = None, **headers: str) -> httpx.Response:
    """A delivery as GitHub would send it, signed with the shared secret unless told otherwise."""
    key = (secret or world.workspace.memory["webhook_secret"]).encode()
    signature = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    return httpx.post(
        f"{world.platform.url}/webhooks/github",
        content=body,
        timeout=30,
        headers={
            "Content-Type": "application/json",
            "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": str(uuid4()),
            "X-Hub-Signature-256": signature,
            **headers,
        },
    )


def payload_of(world: World, opened: dict[str, Any]) -> bytes:
    """The very bytes the code host sent when the pull request was opened."""
    (delivery,) = world.deliveries_of(opened)
    return str(delivery["body"]).encode()


def stored(world: World) -> list[str]:
    return [each["delivery_id"] for each in world.crivo.deliveries(limit=200)]


def test_a_wrong_or_missing_signature_is_refused_and_nothing_is_stored(world: World) -> None:
    opened = world.open(world.repository("signed"), {"basket.py": DEFECT})
    world.ended_job(opened)
    body, before = payload_of(world, opened), stored(world)
    assert send(world, body, secret="not the secret at all").status_code == 401
    unsigned = send(world, body, **{"X-Hub-Signature-256": ""})
    assert unsigned.status_code == 401
    assert unsigned.headers["content-type"] == "application/problem+json"
    assert stored(world) == before


def test_invalid_json_with_a_valid_signature_is_a_bad_request(world: World) -> None:
    before = stored(world)
    answer = send(world, b'{"action": "opened"')

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert stored(world) == before


def test_an_event_nobody_asked_for_is_accepted_and_ignored_with_a_reason(world: World) -> None:
    opened = world.open(world.repository("events"), {"basket.py": DEFECT})
    world.ended_job(opened)
    answer = send(world, payload_of(world, opened), **{"X-GitHub-Event": "star"})
    assert answer.status_code == 202
    said = answer.json()
    assert said["status"] == "ignored"
    assert said["reason"]


def test_a_body_of_thirty_megabytes_is_too_large(world: World) -> None:
    before = stored(world)
    answer = send(world, json.dumps({"filler": "x" * 30_000_000}).encode())
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert stored(world) == before


def test_a_delivery_sent_twice_is_one_review(world: World) -> None:
    opened = world.open(world.repository("twice"), {"basket.py": DEFECT})
    (delivery,) = world.deliveries_of(opened)
    again = world.host.redeliver(delivery["id"])
    assert json.loads(again["response"])["status"] == "duplicate"
    world.ended_job(opened)
    assert len(world.jobs_of(opened)) == 1
    assert len(world.reviews(opened)) == 1


def test_two_pushes_in_quick_succession_leave_one_review_and_a_superseded_job(
    world: World,
) -> None:
    repository = world.repository("pushed")
    # The first review cannot end before the second push is known: its change set is slow.
    with world.faults(rf"/repos/{repository}/pulls/\d+$", delay_seconds=3, times=1):
        opened = world.open(repository, {"basket.py": DEFECT})
        eventually(lambda: world.jobs_of(opened), "the first job")
        world.host.push(repository, "change", files={"basket.py": "\n" + DEFECT})
        newer = world.ended_job(opened)
    older, last = world.jobs_of(opened)
    assert (older["state"], older["superseded_by"]) == ("superseded", newer["id"])
    assert last["id"] == newer["id"]
    (review,) = world.reviews(opened)
    assert review["commit_id"] == newer["head_sha"]
    assert world.comments(opened) == [("basket.py", 2)]
    assert world.check(repository, older["head_sha"])["conclusion"] == "neutral"


def test_while_the_database_is_stopped_a_delivery_is_refused_and_can_be_sent_again(
    world: World,
) -> None:
    repository = world.repository("stopped")
    database = world.platform.stack.parts["postgres"]
    try:
        database.stop()
        opened = world.open(repository, {"basket.py": DEFECT})
        (delivery,) = world.deliveries_of(opened)
        assert delivery["status"] == 503
    finally:
        world.platform.stack.restart("postgres")
    eventually(lambda: httpx.get(f"{world.platform.url}/health/ready").is_success, "readiness")
    assert delivery["id"] not in eventually(lambda: stored_or_none(world), "an answering database")
    redelivered = eventually(
        lambda: accepted(world.host.redeliver(delivery["id"])), "an accepted redelivery", 30
    )
    assert redelivered["status"] == 202
    world.ended_job(opened)
    assert len(world.reviews(opened)) == 1


def accepted(delivery: dict[str, Any]) -> dict[str, Any] | None:
    return delivery if delivery["status"] == 202 else None


def stored_or_none(world: World) -> list[str] | None:
    try:
        return stored(world)
    except Exception:  # noqa: BLE001 - whatever it answers while it comes back
        return None
