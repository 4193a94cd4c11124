"""What failed for good, a job or a message, is found with its reason, and done when asked again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from crivo_local.client import Crivo, Json, Refused
from e2e_support.world import DEFECT, World, eventually

QUEUES = "workflow-queue"
DIED_IN = "workflow-queue.pull-requests"


def test_a_dead_lettered_job_is_listed_with_its_reason_and_completes_after_a_retry(
    world: World,
) -> None:
    repository = world.repository("dead")
    reviews = rf"/repos/{repository}/pulls/\d+/reviews$"
    with world.faults(reviews, method="POST", status=403, times=50):
        opened = world.open(repository, {"basket.py": DEFECT})
        failed = world.ended_job(opened, "failed")
    assert "403" in failed["reason"]
    assert failed["id"] in [each["id"] for each in world.crivo.jobs(state="failed")]
    assert world.check(repository, opened["head"]["sha"])["conclusion"] == "failure"
    assert world.reviews(opened) == []

    world.crivo.retry(failed["id"])
    completed = world.ended_job(opened)
    assert completed["id"] == failed["id"]
    assert world.comments(opened) == [("basket.py", 1)]


def test_a_rate_limited_code_host_is_asked_again_after_the_time_it_gave(world: World) -> None:
    repository = world.repository("limited")
    reviews = rf"/repos/{repository}/pulls/\d+/reviews$"
    with world.faults(reviews, method="POST", status=429, headers={"Retry-After": "2"}, times=1):
        opened = world.open(repository, {"basket.py": DEFECT})
        world.ended_job(opened)
    history = world.crivo.history(world.jobs_of(opened)[0]["id"])
    (waited,) = [each for each in history if each["error_class"] == "rate_limited"]
    assert waited["step"] == "publish"
    assert len(world.reviews(opened)) == 1


def test_an_answer_that_got_lost_does_not_make_a_second_review(world: World) -> None:
    repository = world.repository("lost")
    reviews = rf"/repos/{repository}/pulls/\d+/reviews$"
    with world.faults(reviews, method="POST", drop=True, after=True, times=1):
        opened = world.open(repository, {"basket.py": DEFECT})
        world.ended_job(opened)
    assert len(world.reviews(opened)) == 1
    assert world.comments(opened) == [("basket.py", 1)]


def test_an_event_that_died_of_a_bug_is_reviewed_once_however_often_it_is_replayed(
    world: World,
) -> None:
    repository = world.repository("died")
    with world.owner() as owner:
        with a_bug(world):
            opened = world.open(repository, {"basket.py": DEFECT})
            letter = letter_of(owner, opened)
        assert world.jobs_of(opened) == []
        replayed = owner.replay(QUEUES, letter["id"])
        completed = world.ended_job(opened)
        assert owner.replay(QUEUES, letter["id"]) == replayed

    assert (letter["state"], letter["times"], letter["queue"]) == ("open", 1, DIED_IN)
    assert "the bug" in letter["error"]
    assert replayed["state"] == "replayed"
    assert [each["action"] for each in replayed["actions"]] == ["replay"]
    assert [each["id"] for each in world.jobs_of(opened)] == [completed["id"]]
    assert len(world.reviews(opened)) == 1
    assert world.comments(opened) == [("basket.py", 1)]


def test_what_died_of_a_bug_is_replayed_together_and_what_nobody_wants_is_discarded(
    world: World,
) -> None:
    repository = world.repository("died-together")
    with world.owner() as owner:
        with a_bug(world):
            opened = [
                world.open(repository, {f"{name}.py": DEFECT}, branch=name)
                for name in ("one", "two", "unwanted")
            ]
            *_, unwanted = [letter_of(owner, each) for each in opened]
        discarded = owner.discard(QUEUES, unwanted["id"], "opened by mistake")
        assert owner.replay_many(QUEUES, queue=DIED_IN, type=unwanted["type"]) >= 2
        for each in opened[:2]:
            world.ended_job(each)
        assert owner.replay_many(QUEUES, queue=DIED_IN, type=unwanted["type"]) == 0

    assert [each["note"] for each in discarded["actions"]] == ["opened by mistake"]
    assert [len(world.reviews(each)) for each in opened] == [1, 1, 0]
    assert world.jobs_of(opened[2]) == []


def test_a_member_does_not_see_dead_letters(world: World) -> None:
    for service in ("platform-integration", "workflow-queue", "code-review"):
        with pytest.raises(Refused) as refused:
            world.crivo.dead_letters(service)
        assert refused.value.status == 403


@contextmanager
def a_bug(world: World) -> Iterator[None]:
    """For the block, workflow-queue fails at every new job."""
    server = world.platform.stack.urls().postgres
    with psycopg.connect(server, dbname="e2e_workflow_queue", autocommit=True) as database:
        database.execute(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the bug'; END $$"
        )
        database.execute(
            "CREATE OR REPLACE TRIGGER bug BEFORE INSERT ON events FOR EACH ROW"
            " WHEN (NEW.type = 'job_created') EXECUTE FUNCTION fail()"
        )
        try:
            yield
        finally:
            database.execute("DROP TRIGGER bug ON events")


def letter_of(owner: Crivo, opened: Json) -> Json:
    """The dead letter about this pull request, as it is shown."""

    def see() -> Json | None:
        for each in owner.dead_letters(QUEUES, state="open"):
            letter = owner.dead_letter(QUEUES, each["id"])
            if opened["html_url"] in json.dumps(letter["body"]):
                return letter
        return None

    return eventually(see, f"a dead letter about {opened['html_url']}")
