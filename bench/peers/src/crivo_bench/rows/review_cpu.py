"""Processor time for one small pull request in all services together, the analyzers' own apart."""

import time

from crivo_bench.processor_time import own_seconds, tree_seconds, used
from crivo_bench.rows.reviews import small_pull_requests
from crivo_bench.site import Bench
from crivo_bench.table import Line, Target

TARGET = Target(bound="≤", value=120, unit="ms")


def measure(bench: Bench) -> list[Line]:
    count = max(3, bench.plan.jobs // 20)
    with bench.site("review-cpu") as platform, bench.workspace(platform) as workspace:
        pulls = small_pull_requests(workspace, "bench/review-cpu")
        warm, *branches = pulls.prepare(count + 1)
        pulls.open(warm)
        pulls.await_reviewed(1)
        parts = list(platform.parts.values())

        idle = used(lambda: own_seconds(parts))
        time.sleep(bench.plan.seconds)
        idle_share = idle() / bench.plan.seconds

        own, all_of_it = used(lambda: own_seconds(parts)), used(lambda: tree_seconds(parts))
        by_part = {part.name: used(lambda part=part: own_seconds([part])) for part in parts}  # type: ignore[misc]
        begun = time.perf_counter()
        for branch in branches:
            pulls.open(branch)
        pulls.await_reviewed(count + 1)
        elapsed = time.perf_counter() - begun
        each = own() * 1000 / count
        analyzers = all_of_it() * 1000 / count - each
        idling = idle_share * elapsed * 1000 / count
        where = sorted(((spent() * 1000 / count, name) for name, spent in by_part.items()))
    shares = ", ".join(f"{name} {spent:.0f}" for spent, name in reversed(where) if spent >= 1)
    return [
        Line(
            what="CPU for one small pull request, all services, no LLM",
            ours=f"{each:.0f} ms, of which {idling:.0f} ms are what idling takes in that time",
            against="PR-Agent 0.49: 335 to 426 ms",
            value=each,
            target=TARGET,
            notes=(
                f"milliseconds by process: {shares}; the analyzers' own processes {analyzers:.0f};"
                f" {count / elapsed:.1f} reviews a second",
            ),
        )
    ]
