"""A job that failed for good can be found with its reason, and completes when asked again."""

from e2e_support.world import DEFECT, World


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
