"""The tables of docs/capacity.md."""

import statistics
from collections.abc import Iterable, Sequence

from crivo_models.costs import Burst, Costs, Machine, RealBurst
from crivo_models.pipeline import Outcome
from crivo_models.plan import (
    DAY_SECONDS,
    LEADERS,
    PEAK_FACTOR,
    PRIMARY_CORES,
    RETENTION_DAYS,
    Ceiling,
    Plan,
    peak_rate,
)

NOT_OURS = ("code-host",)
OUTSIDE = ("analyzers", "code-host", "postgres", "rabbitmq", "mongodb", "redis", "epmd")
# Less than a clock tick per hundred pull requests says nothing.
LEAST_SECONDS = 0.0001


def of_costs(costs: Costs) -> str:
    rows = [
        [name, f"{1000 * seconds:.1f}", f"{1000 * costs.idle[name]:.1f}"]
        for name, seconds in sorted(costs.cpu.items(), key=lambda item: -item[1])
        if seconds >= LEAST_SECONDS
    ]
    ours = sum(seconds for name, seconds in costs.cpu.items() if name not in OUTSIDE)
    everything = sum(s for name, s in costs.cpu.items() if name not in NOT_OURS)
    rows.append(["**Crivo's own processes together**", f"**{1000 * ours:.0f}**", ""])
    rows.append(
        [
            "**with servers and analyzers, without the code host**",
            f"**{1000 * everything:.0f}**",
            "",
        ]
    )
    return _conditions(costs.machine) + table(
        ["process", "ms of CPU per pull request", "ms per second while idle"], rows
    )


def of_stages(costs: Costs) -> str:
    rows = [
        [name, f"{1000 * stage.seconds:.0f}", f"{1000 * stage.deviation:.0f}"]
        for name, stage in costs.stages.items()
    ]
    total = sum(stage.seconds for stage in costs.stages.values())
    rows.append(["**all**", f"**{1000 * total:.0f}**", ""])
    rows.append(
        [
            "of accept: CPU of gateway and platform-integration-api",
            f"{1000 * sum(costs.accept_cpu.values()):.1f}",
            "",
        ]
    )
    return table(["stage", "ms, one pull request at a time", "standard deviation"], rows)


def of_stores(costs: Costs) -> str:
    rows = [
        [
            f"`{name}`",
            f"{store.inserted:.1f}",
            f"{store.updated:.1f}",
            f"{store.deleted:.1f}",
            f"{store.commits:.1f}",
            f"{store.bytes / 1000:.1f}",
        ]
        for name, store in costs.stores.items()
    ]
    queues = ", ".join(
        f"`{queue}` {count:.1f}" for queue, count in costs.messages.items() if count >= 0.05
    )
    return (
        table(["database", "rows added", "changed", "removed", "commits", "kB kept"], rows)
        + f"\n\nWrite-ahead log: {costs.wal_bytes / 1000:.0f} kB. One commit on one connection:"
        f" {1000 * costs.commit_seconds:.2f} ms. Calls to the code host: {costs.api_calls:.0f}."
        f"\nMessages: {sum(costs.messages.values()):.1f}, by queue: {queues}."
    )


def of_burst(model: Burst, real: RealBurst) -> str:
    seen = real.burst
    rows = [
        _compared("pull requests per second", model.throughput, seen.throughput),
        _compared("webhook → published, p50, s", model.p50, seen.p50),
        _compared("webhook → published, p95, s", model.p95, seen.p95),
    ]
    for name, share in sorted(seen.utilisation.items(), key=lambda item: -item[1]):
        if share >= 0.02 and name in model.utilisation:
            rows.append(_compared(f"cores used by {name}", model.utilisation[name], share))
    return _conditions(real.machine) + table(["", "predicted", "real", "error"], rows)


def of_plans(costs: Costs, plans: Sequence[Plan]) -> str:
    def row(name: str, cells: Iterable[object]) -> list[str]:
        return [name, *(str(cell) for cell in cells)]

    rows = [
        row("pull requests per second, mean", (f"{p.day / DAY_SECONDS:.2f}" for p in plans)),
        row(
            f"at the peak, {PEAK_FACTOR:.0f} times that", (f"{peak_rate(p.day):.2f}" for p in plans)
        ),
    ]
    rows += [
        row(f"{name}, processes", (p.processes[name] for p in plans)) for name in plans[0].processes
    ]
    rows.append(row("cores for analyzers, beside those workers", (p.analyzer_cores for p in plans)))
    rows.append(row("window, jobs in workers' hands", (p.window for p in plans)))
    rows += [
        row(
            f"{name}, partitions (a leader and a standby each)", (p.partitions[name] for p in plans)
        )
        for name in LEADERS
    ]
    rows += [
        row(f"{name}, cores", (p.server_cores[name] for p in plans))
        for name in plans[0].server_cores
    ]
    rows.append(row("RabbitMQ nodes, each with those cores", (p.broker_nodes for p in plans)))
    stored = sum(store.bytes for store in costs.stores.values())
    messages = sum(costs.messages.values())
    rows += [
        row(
            f"PostgreSQL primaries of {PRIMARY_CORES} cores",
            (-(-p.server_cores["postgres"] // PRIMARY_CORES) for p in plans),
        ),
        row("write-ahead log at the peak, MB/s", (_megabytes(costs.wal_bytes, p) for p in plans)),
        row(
            "rows added to workflow-queue's database a day",
            (f"{costs.stores['workflow_queue'].inserted * p.day:,.0f}" for p in plans),
        ),
        row("kept a day, GB", (f"{stored * p.day / 1e9:.2f}" for p in plans)),
        row(
            f"kept in {RETENTION_DAYS} days, GB",
            (f"{stored * p.day * RETENTION_DAYS / 1e9:,.0f}" for p in plans),
        ),
        row(
            "messages per second at the peak",
            (f"{messages * peak_rate(p.day):,.0f}" for p in plans),
        ),
    ]
    return table(["", *(f"{p.day:,} a day" for p in plans)], rows)


def of_peaks(runs: Sequence[tuple[Plan, Outcome]]) -> str:
    rows = []
    for plan, outcome in runs:
        counts = {**plan.processes, **plan.partitions}
        shares = {
            name: outcome.busy[name] / outcome.seconds / count for name, count in counts.items()
        }
        busiest = max(shares, key=lambda name: shares[name])
        twentieths = statistics.quantiles(outcome.waited, n=20)
        rows.append(
            [
                f"{plan.day:,}",
                f"{statistics.median(outcome.waited):.2f} s",
                f"{twentieths[-1]:.2f} s",
                f"{busiest}, {100 * shares[busiest]:.0f} %",
            ]
        )
    return table(
        ["pull requests a day", "webhook → published, p50", "p95", "busiest process"], rows
    )


def of_ceilings(ceilings: Iterable[Ceiling]) -> str:
    rows = [[each.what, f"{_rounded(each.per_day):,}", each.then] for each in ceilings]
    return table(["what there is one of", "pull requests a day", "then"], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _conditions(machine: Machine) -> str:
    return (
        f"{machine.date}, {machine.processor}, {machine.cores} cores,"
        f" of which other programs used {machine.used_by_others:.2f} meanwhile.\n\n"
    )


def _compared(what: str, predicted: float, real: float) -> list[str]:
    return [what, f"{predicted:.2f}", f"{real:.2f}", f"{100 * (predicted / real - 1):+.0f} %"]


def _megabytes(each: float, plan: Plan) -> str:
    return f"{each * peak_rate(plan.day) / 1e6:.2f}"


def _rounded(number: float) -> int:
    """Two digits; more would be pretended."""
    return int(float(f"{number:.2g}"))
