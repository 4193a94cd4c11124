"""The model against queueing theory, where theory has an answer."""

import statistics

import pytest
from crivo_models.journey import Leg, Visit
from crivo_models.pipeline import Deployment, Outcome, Pipeline

SERVICE = 0.1
JOBS = 30_000
UNLIMITED = 10**6


def one_process(*, load: float, spread: float, processes: int = 1) -> Outcome:
    """Jobs that need one process only, which is busy for this share of its time."""
    return Pipeline(
        a_way(Visit(process="p", seconds=SERVICE), spread=spread),
        Deployment(processes={"p": processes}, window=UNLIMITED),
        seed=1,
    ).steadily(jobs=JOBS, per_second=load * processes / SERVICE)


def a_way(*visits: Visit, spread: float = 0.0, wait: float = 0.0) -> list[Leg]:
    return [
        Leg(name="accept", visits=(), wait=0.0, spread=0.0),
        Leg(name="publish", visits=visits, wait=wait, spread=spread),
    ]


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_random_services_take_as_long_as_an_m_m_1_queue_says(load: float) -> None:
    outcome = one_process(load=load, spread=1.0)
    assert statistics.mean(outcome.waited) == pytest.approx(SERVICE / (1 - load), rel=0.08)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_equal_services_take_as_long_as_an_m_d_1_queue_says(load: float) -> None:
    outcome = one_process(load=load, spread=0.0)
    theory = SERVICE + load * SERVICE / (2 * (1 - load))
    assert statistics.mean(outcome.waited) == pytest.approx(theory, rel=0.04)


def test_two_processes_take_as_long_as_an_m_m_2_queue_says() -> None:
    load = 0.8
    outcome = one_process(load=load, spread=1.0, processes=2)
    assert statistics.mean(outcome.waited) == pytest.approx(SERVICE / (1 - load**2), rel=0.08)


def test_a_process_is_as_busy_as_it_is_loaded() -> None:
    outcome = one_process(load=0.6, spread=1.0)
    assert outcome.busy["p"] / outcome.seconds == pytest.approx(0.6, rel=0.03)


def a_burst(deployment: Deployment, *, jobs: int = 40, process: str = "analyzers") -> Outcome:
    way = a_way(Visit(process=process, seconds=SERVICE))
    return Pipeline(way, deployment, seed=1).at_once(jobs=jobs, people=4)


def test_a_burst_is_over_when_the_cores_have_done_all_of_it() -> None:
    assert a_burst(Deployment(cores=2)).seconds == pytest.approx(40 * SERVICE / 2)
    assert a_burst(Deployment(cores=4)).seconds == pytest.approx(40 * SERVICE / 4)


def test_a_process_with_one_thread_uses_one_core_however_many_there_are() -> None:
    outcome = a_burst(Deployment(cores=4), process="gateway")
    assert outcome.seconds == pytest.approx(40 * SERVICE)


def test_cores_that_others_use_half_make_it_take_twice_as_long() -> None:
    whole, half = (a_burst(Deployment(cores=2, speed=speed)) for speed in (1.0, 0.5))
    assert half.seconds == pytest.approx(2 * whole.seconds)


def test_a_window_of_one_lets_nobody_work_side_by_side() -> None:
    way = a_way(wait=SERVICE)
    wide, narrow = (
        Pipeline(way, Deployment(window=window), seed=1).at_once(jobs=10, people=1)
        for window in (10, 1)
    )
    assert wide.seconds == pytest.approx(SERVICE)
    assert narrow.seconds == pytest.approx(10 * SERVICE)


def test_what_processes_do_anyway_takes_cores_from_a_burst() -> None:
    way = a_way(Visit(process="analyzers", seconds=SERVICE))
    pipeline = Pipeline(way, Deployment(cores=2), seed=1, idle={"mongodb": 0.5})
    alone = a_burst(Deployment(cores=2)).seconds
    assert pipeline.at_once(jobs=40, people=4).seconds == pytest.approx(alone / 0.75, rel=0.1)


def test_the_same_seed_gives_the_same_run() -> None:
    first, again = (one_process(load=0.5, spread=1.0).published for _ in range(2))
    assert first == again
