"""What the product's order promises, over whole runs of it."""

import pytest
from crivo_models.fair_queue import Job, Order, fair, first_come_first_served, made, simulate
from crivo_models.fairness import (
    BIG,
    MANY,
    SMALL,
    WEIGHTS,
    WINDOW,
    by_weight,
    single_job,
    started_while_all_wait,
    weighted,
)

ORDERS = {"fair": fair(WINDOW), "first come first served": first_come_first_served}


@pytest.mark.parametrize("arrives", [0.5, 50.0, 200.0])
def test_a_single_job_starts_as_soon_as_one_of_the_running_jobs_is_over(arrives: float) -> None:
    single = single_job(arrives, fair(WINDOW))
    assert single.waits == pytest.approx(single.first_free)
    assert single.first_free > 0


def test_first_come_first_served_a_single_job_waits_for_all_before_it() -> None:
    jobs = made({BIG: (MANY, 0.0), SMALL: (1, 50.0)}, mean=1.0, seed=1)
    simulate(jobs, window=4, order=first_come_first_served)
    (single,) = (job for job in jobs if job.organization == SMALL)
    assert single.starts == max(job.starts for job in jobs)


def test_organizations_that_all_wait_get_places_by_weight_to_within_one() -> None:
    started = started_while_all_wait(by_weight(weighted()))
    total, weights = sum(started.values()), sum(WEIGHTS.values())
    for organization, weight in WEIGHTS.items():
        exact = weight / weights
        assert abs(started[organization] / total - exact) <= 1.2 / WINDOW


def test_first_come_first_served_weights_mean_nothing() -> None:
    started = started_while_all_wait(by_weight(first_come_first_served))
    assert max(started.values()) - min(started.values()) <= 1


@pytest.mark.parametrize("name", ORDERS)
def test_no_more_jobs_run_than_the_window_has_places_and_none_is_left_empty(name: str) -> None:
    jobs = _run(ORDERS[name])
    for moment in sorted(job.starts for job in jobs):
        running = sum(job.starts <= moment < job.ends for job in jobs)
        waiting = sum(job.arrives <= moment < job.starts for job in jobs)
        assert running <= WINDOW
        assert running == WINDOW or not waiting


@pytest.mark.parametrize("name", ORDERS)
def test_every_job_starts_once_and_not_before_it_is_there(name: str) -> None:
    assert all(job.waits >= 0 for job in _run(ORDERS[name]))


def _run(order: Order) -> list[Job]:
    jobs = made({BIG: (200, 0.0), SMALL: (50, 5.0)}, mean=2.0, seed=7)
    simulate(jobs, window=WINDOW, order=order)
    return jobs
