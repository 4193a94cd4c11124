"""`make simulate-capacity`: fills in the tables of docs/capacity.md from what was measured."""

import statistics
from collections.abc import Mapping
from pathlib import Path

from workflow_queue.domain.fair_share import Limits

from crivo_models import tables
from crivo_models.costs import Burst, Costs, RealBurst
from crivo_models.journey import legs
from crivo_models.page import fill
from crivo_models.pipeline import Deployment, Outcome, Pipeline
from crivo_models.plan import LOADS, PREFETCH, REVIEWER, Plan, ceilings, peak_rate, plan

PAGE = Path(__file__).parents[4] / "docs/capacity.md"
SEED = 1
# Enough for percentiles that hold still.
JOBS = 20_000


def predicted(costs: Costs, real: RealBurst) -> Burst:
    """The burst as the model sees it, on the cores that other programs left to the real one."""
    machine, burst = real.machine, real.burst
    limits = Limits()
    deployment = Deployment(
        cores=machine.cores,
        speed=1 - machine.used_by_others / machine.cores,
        # One organization on one code host has no more jobs in flight than that.
        window=min(limits.window, limits.integration),
        analyses=PREFETCH,
    )
    pipeline = Pipeline(legs(costs), deployment, seed=SEED, idle=costs.idle)
    outcome = pipeline.at_once(jobs=burst.pull_requests, people=burst.people)
    return Burst(
        pull_requests=burst.pull_requests,
        people=burst.people,
        seconds=outcome.seconds,
        p50=statistics.median(outcome.waited),
        p95=_p95(outcome),
        utilisation={name: busy / outcome.seconds for name, busy in outcome.busy.items()},
    )


def at_peak(costs: Costs, chosen: Plan, *, jobs: int = JOBS) -> Outcome:
    """The busiest hour of a plan, each process on a core of its own."""
    deployment = Deployment(
        processes={**chosen.processes, **chosen.partitions},
        window=chosen.window,
        analyses=PREFETCH * chosen.processes[REVIEWER],
    )
    pipeline = Pipeline(legs(costs), deployment, seed=SEED)
    return pipeline.steadily(jobs=jobs, per_second=peak_rate(chosen.day))


def _p95(outcome: Outcome) -> float:
    return statistics.quantiles(outcome.waited, n=20)[-1]


def measured_tables(costs: Costs) -> Mapping[str, str]:
    """By the name of their place on the page: those that need no simulation."""
    return {
        "costs": tables.of_costs(costs),
        "stages": tables.of_stages(costs),
        "stores": tables.of_stores(costs),
        "plan": tables.of_plans(costs, [plan(costs, day) for day in LOADS]),
        "ceilings": tables.of_ceilings(ceilings(costs)),
    }


def main() -> None:
    costs, real = Costs.read(), RealBurst.read()
    for name, text in measured_tables(costs).items():
        fill(PAGE, name, text)
    model = predicted(costs, real)
    fill(PAGE, "burst", tables.of_burst(model, real))
    plans = [plan(costs, day) for day in LOADS]
    fill(PAGE, "peak", tables.of_peaks([(each, at_peak(costs, each)) for each in plans]))
    print(
        f"predicted {model.throughput:.2f} pull requests/s, really {real.burst.throughput:.2f};"
        f" wrote {PAGE}"
    )


if __name__ == "__main__":
    main()
