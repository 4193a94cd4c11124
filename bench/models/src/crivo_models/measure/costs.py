"""`make measure-costs`: what one small pull request costs, process by process and row by row."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial

import psycopg
from crivo_local.services import ON_POSTGRES
from crivo_local.workspace import Workspace

from crivo_models.costs import MEASURED, Costs, Stage, Store
from crivo_models.measure import stores
from crivo_models.measure.others import Others, machine
from crivo_models.measure.processor_time import processor_seconds
from crivo_models.measure.pull_requests import Journey, PullRequests
from crivo_models.measure.stage import PREFIX, parts, platform

WARM_UP = 10
ONE_BY_ONE = 30
TOGETHER = 100
IDLE_SECONDS = 15
COMMITS = 500
ACCEPTED_BY = ("gateway", "platform-integration-api")


def measure(workspace: Workspace) -> Costs:
    pull_requests = PullRequests(workspace)
    pull_requests.review(pull_requests.prepare(WARM_UP))
    alone = pull_requests.prepare(ONE_BY_ONE)
    pull_requests.review_one_by_one(alone)
    stages = _stages(pull_requests.journeys(alone))
    before = _cpu(workspace)
    drafts = pull_requests.prepare(TOGETHER)
    accepted = _difference(_cpu(workspace), before, TOGETHER)
    look = partial(_counted, workspace, pull_requests)
    idle, idle_counts = _idle(workspace, look)
    counted, before, others, begun = look(), _cpu(workspace), Others(), time.monotonic()
    pull_requests.review(drafts)
    after, seconds = _cpu(workspace), time.monotonic() - begun
    conditions = machine(others.used(sum(after.values()) - sum(before.values())))
    time.sleep(IDLE_SECONDS)  # until the servers have brought their counters up to date
    left = _apart(look(), counted, idle_counts, time.monotonic() - begun)
    return Costs(
        machine=conditions,
        pull_requests=TOGETHER,
        cpu=_apart(after, before, idle, seconds),
        accept_cpu={name: accepted[name] for name in ACCEPTED_BY},
        idle=idle,
        stages=stages,
        stores=_stores(left),
        messages=_under("messages", left),
        wal_bytes=left["wal_bytes"],
        api_calls=left["api_calls"],
        commit_seconds=_commit_seconds(workspace),
    )


def _stages(journeys: list[Journey]) -> dict[str, Stage]:
    return {
        name: Stage(seconds=statistics.mean(seconds), deviation=statistics.stdev(seconds))
        for name in journeys[0].stages
        if (seconds := [journey.stages[name] for journey in journeys])
    }


def _cpu(workspace: Workspace) -> dict[str, float]:
    return processor_seconds(parts(workspace))


def _idle(
    workspace: Workspace, look: Callable[[], dict[str, float]]
) -> tuple[dict[str, float], dict[str, float]]:
    """CPU and counters per second while there is nothing to do."""
    time.sleep(IDLE_SECONDS)
    cpu, counted = _cpu(workspace), look()
    time.sleep(IDLE_SECONDS)
    return (
        _difference(_cpu(workspace), cpu, IDLE_SECONDS),
        _difference(look(), counted, IDLE_SECONDS),
    )


def _counted(workspace: Workspace, pull_requests: PullRequests) -> dict[str, float]:
    """Every counter so far, by a path of names."""
    running = workspace.platform
    names = [f"{PREFIX}{service.replace('-', '_')}" for service in ON_POSTGRES]
    counted: dict[str, float] = {
        "wal_bytes": stores.wal_bytes(running),
        "api_calls": pull_requests.calls(),
    }
    for queue, count in stores.messages(running, f"{PREFIX}crivo").items():
        counted[f"messages/{queue}"] = count
    for name, store in stores.databases(running, names).items():
        for field, count in asdict(store).items():
            counted[f"{name.removeprefix(PREFIX)}/{field}"] = count
    return counted


def _stores(left: Mapping[str, float]) -> dict[str, Store]:
    names = [service.replace("-", "_") for service in ON_POSTGRES]
    return {name: Store(**_under(name, left)) for name in names}


def _under(name: str, counted: Mapping[str, float]) -> dict[str, float]:
    return {
        path.removeprefix(f"{name}/"): count
        for path, count in counted.items()
        if path.startswith(f"{name}/")
    }


def _difference(
    after: Mapping[str, float], before: Mapping[str, float], parts: float
) -> dict[str, float]:
    return {name: (after[name] - before.get(name, 0.0)) / parts for name in after}


def _apart(
    after: Mapping[str, float],
    before: Mapping[str, float],
    idle: Mapping[str, float],
    seconds: float,
) -> dict[str, float]:
    """Per pull request, without what would have been without any."""
    busy = _difference(after, before, TOGETHER)
    return {n: max(0.0, each - idle.get(n, 0.0) * seconds / TOGETHER) for n, each in busy.items()}


def _commit_seconds(workspace: Workspace) -> float:
    """Median of one connection that inserts one row at a time: what the disk allows."""
    with psycopg.connect(workspace.platform.stack.urls().postgres, autocommit=True) as connection:
        connection.execute("CREATE TABLE capacity_probe (number integer)")
        try:
            taken = []
            for number in range(COMMITS):
                begun = time.perf_counter()
                connection.execute("INSERT INTO capacity_probe VALUES (%s)", [number])
                taken.append(time.perf_counter() - begun)
        finally:
            connection.execute("DROP TABLE capacity_probe")
    return statistics.median(taken)


def main() -> None:
    with platform() as workspace:
        costs = measure(workspace)
    costs.write()
    print(f"wrote {MEASURED}; other programs used {costs.machine.used_by_others:.2f} cores")


if __name__ == "__main__":
    main()
