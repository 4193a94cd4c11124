"""A pull request is opened, and seconds later it has the comments that are worth reading."""

from functools import partial

from crivo_simulators import sample
from e2e_support.world import DEFECT, World, eventually


def test_the_sample_is_commented_on_its_planted_defects_and_nowhere_else(world: World) -> None:
    planted = sample.load()
    repository = world.repository("shop", planted.base)
    opened = world.open(repository, planted.head)
    job = world.ended_job(opened)
    comments = world.comments(opened)
    assert {(each.path, each.line) for each in planted.defects} <= set(comments)
    assert not {path for path, _ in comments} & set(planted.clean_paths)
    assert job["comments_published"] == len(comments)
    assert len(world.reviews(opened)) == 1
    assert world.check(repository, opened["head"]["sha"])["conclusion"] in ("neutral", "failure")


def test_a_change_without_defects_gets_a_review_that_says_so_and_a_green_check(
    world: World,
) -> None:
    repository = world.repository("clean")
    opened = world.open(
        repository, {"add.py": "def add(a: int, b: int) -> int:\n    return a + b\n"}
    )
    job = world.ended_job(opened)
    assert (job["outcome"], job["comments_published"]) == ("complete", 0)
    assert len(world.reviews(opened)) == 1
    assert world.check(repository, opened["head"]["sha"])["conclusion"] == "success"


def test_one_trace_leads_from_the_webhook_through_every_service(world: World) -> None:
    opened = world.open(world.repository("traced"), {"basket.py": DEFECT})
    world.ended_job(opened)
    (delivery,) = world.deliveries_of(opened)
    trace_ids = {
        line["trace_id"]
        for line in world.log_lines("platform-integration")
        if line.get("delivery_id") == delivery["id"]
    }
    assert len(trace_ids) == 1
    (trace_id,) = trace_ids
    for service in ("gateway", "platform-integration", "workflow-queue", "code-review"):
        # A worker logs when it has acknowledged, which may be after the job's end.
        eventually(
            partial(has_logged, world, service, trace_id),
            f"a line of {service} under trace {trace_id}",
        )


def has_logged(world: World, service: str, trace_id: str) -> bool:
    return any(line.get("trace_id") == trace_id for line in world.log_lines(service))


def test_a_draft_is_skipped_until_it_is_ready(world: World) -> None:
    repository = world.repository("drafts")
    world.host.push(repository, "change", files={"basket.py": DEFECT}, start="main")
    opened = world.host.open_pull_request(
        repository, head="change", base="main", title="wip", draft=True
    )
    assert world.ended_job(opened, "skipped")["reason"] == "draft"
    world.host.mark_ready(repository, opened["number"])
    world.ended_job(opened)
    assert world.comments(opened) == [("basket.py", 1)]
