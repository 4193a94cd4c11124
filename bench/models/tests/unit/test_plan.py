"""A plan follows from costs, and says no more than they do."""

from dataclasses import replace
from pathlib import Path

import pytest
from crivo_models.capacity import PAGE, at_peak, measured_tables
from crivo_models.costs import Costs, RealBurst
from crivo_models.journey import EVERYWHERE, legs
from crivo_models.plan import (
    LEADERS,
    LOADS,
    PEAK_FACTOR,
    UTILISATION,
    ceilings,
    peak_rate,
    per_day,
    plan,
)

MILLIONS = LOADS[-1]
JOBS = 5_000


@pytest.fixture
def costs() -> Costs:
    return Costs.read()


def test_a_day_of_the_mean_has_a_peak_of_so_many_times_it() -> None:
    assert peak_rate(86_400) == PEAK_FACTOR
    assert per_day(peak_rate(12_345)) == pytest.approx(12_345)


@pytest.mark.parametrize("day", LOADS)
def test_no_process_of_a_plan_is_busier_than_it_may_be_at_the_peak(costs: Costs, day: int) -> None:
    chosen = plan(costs, day)
    for name, count in {**chosen.processes, **chosen.partitions}.items():
        assert peak_rate(day) * costs.cpu[name] / count <= UTILISATION


def test_one_process_fewer_would_be_too_few(costs: Costs) -> None:
    chosen = plan(costs, MILLIONS)
    name = "platform-integration-worker"
    assert peak_rate(MILLIONS) * costs.cpu[name] / (chosen.processes[name] - 1) > UTILISATION


def test_twice_the_cost_is_twice_the_processes(costs: Costs) -> None:
    name = "platform-integration-worker"
    dearer = replace(costs, cpu={**costs.cpu, name: 2 * costs.cpu[name]})
    once, twice = (plan(each, MILLIONS).processes[name] for each in (costs, dearer))
    assert twice in (2 * once, 2 * once - 1)


def test_a_leader_is_partitioned_from_its_ceiling_on(costs: Costs) -> None:
    found = {each.what: each.per_day for each in ceilings(costs)}
    for name in LEADERS:
        ceiling = found[f"{name}, one at work"]
        assert plan(costs, int(0.99 * ceiling)).partitions[name] == 1
        assert plan(costs, int(1.01 * ceiling)).partitions[name] == 2


def test_the_lowest_ceiling_comes_first(costs: Costs) -> None:
    figures = [each.per_day for each in ceilings(costs)]
    assert figures == sorted(figures)


def test_the_largest_plan_keeps_up_in_the_simulation(costs: Costs) -> None:
    outcome = at_peak(costs, plan(costs, MILLIONS), jobs=JOBS)
    arriving = max(outcome.sent) - min(outcome.sent)
    assert outcome.seconds < 1.1 * arriving


def test_with_half_the_places_for_reviews_the_simulation_falls_behind(costs: Costs) -> None:
    chosen = plan(costs, MILLIONS)
    halved = {**chosen.processes, "code-review-worker": chosen.processes["code-review-worker"] // 2}
    outcome = at_peak(costs, replace(chosen, processes=halved), jobs=JOBS)
    arriving = max(outcome.sent) - min(outcome.sent)
    assert outcome.seconds > 1.1 * arriving


def test_the_legs_of_a_journey_use_all_of_what_was_measured(costs: Costs) -> None:
    used: dict[str, float] = {}
    for leg in legs(costs):
        for visit in leg.visits:
            used[visit.process] = used.get(visit.process, 0.0) + visit.seconds
    assert used == pytest.approx({name: costs.cpu[name] for name in used})
    assert {*EVERYWHERE, *LEADERS, "analyzers"} <= used.keys()


def test_what_is_written_is_read_again(costs: Costs, tmp_path: Path) -> None:
    costs.write(tmp_path / "measured.toml")
    assert Costs.read(tmp_path / "measured.toml") == costs
    real = RealBurst.read()
    real.write(tmp_path / "burst.toml")
    assert RealBurst.read(tmp_path / "burst.toml") == real


def test_the_page_shows_what_was_measured(costs: Costs) -> None:
    page = PAGE.read_text()
    for name, text in measured_tables(costs).items():
        assert f"<!-- {name} -->\n{text}\n<!-- end of {name} -->" in page, "make simulate-capacity"
