"""What each process holds when it has worked a little and then has nothing to do."""

import re
import time
from pathlib import Path

from crivo_bench.rows.reviews import small_pull_requests
from crivo_bench.site import Bench
from crivo_bench.table import Line, Target

EACH = Target(bound="≤", value=120, unit="MB")
ALL = Target(bound="≤", value=900, unit="MB")
_FIELD = re.compile(r"^(Rss|Pss):\s+(\d+) kB$", re.MULTILINE)


def measure(bench: Bench) -> list[Line]:
    with bench.site("memory") as platform, bench.workspace(platform) as workspace:
        pulls = small_pull_requests(workspace, "bench/memory")
        branches = pulls.prepare(3)
        for branch in branches:
            pulls.open(branch)
        pulls.await_reviewed(len(branches))
        time.sleep(bench.plan.seconds)
        held = {
            name: _held(process.pid)
            for name, part in platform.parts.items()
            if (process := part.process())
        }
    largest = max(held, key=lambda name: held[name]["Rss"])
    resident = sum(each["Rss"] for each in held.values())
    proportional = sum(each["Pss"] for each in held.values())
    listed = ", ".join(
        f"{name} {each['Rss']:.0f}/{each['Pss']:.0f}" for name, each in sorted(held.items())
    )
    return [
        Line(
            what="memory, idle, the largest process",
            ours=f"{largest}: {held[largest]['Rss']:.0f} MB resident",
            value=held[largest]["Rss"],
            target=EACH,
            notes=(f"MB resident/proportional: {listed}",),
        ),
        Line(
            what=f"memory, idle, all {len(held)} processes",
            ours=f"{proportional:.0f} MB, pages that are shared counted once",
            value=proportional,
            target=ALL,
            notes=(f"{resident:.0f} MB with shared pages counted in every process",),
        ),
    ]


def _held(pid: int) -> dict[str, float]:
    """Megabytes; `Pss` divides a shared page among those who share it."""
    found = _FIELD.findall(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return {name: int(kilobytes) * 1024 / 1e6 for name, kilobytes in found}
