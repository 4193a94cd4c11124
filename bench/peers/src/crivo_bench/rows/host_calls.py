"""How often the code host is called for one small pull request."""

import time
from collections import Counter
from statistics import median

from crivo_bench.rows.reviews import SmallPullRequests, small_pull_requests
from crivo_bench.site import Bench
from crivo_bench.table import Line, Target

TARGET = Target(bound="≤", value=8, unit="calls")
# A check that is set again would come this soon.
QUIET_SECONDS = 1.0


def measure(bench: Bench) -> list[Line]:
    with bench.site("host-calls") as platform, bench.workspace(platform) as workspace:
        pulls = small_pull_requests(workspace, "bench/host-calls")
        branches = pulls.prepare(bench.plan.pairs)
        seen = [_calls_for(pulls, number, branch) for number, branch in enumerate(branches, 1)]
    kinds = ", ".join(f"{times} {kind}" for kind, times in sorted(seen[-1].items()))
    return [
        Line(
            what="code host API calls for one small pull request",
            ours=f"{median(calls.total() for calls in seen):.0f}",
            against="PR-Agent 0.49: 35",
            value=median(calls.total() for calls in seen),
            target=TARGET,
            notes=(kinds,),
        )
    ]


def _calls_for(pulls: SmallPullRequests, number: int, branch: str) -> Counter[str]:
    host = pulls.workspace.host
    before = len(host.calls())
    pulls.open(branch)
    pulls.await_reviewed(number)
    time.sleep(QUIET_SECONDS)
    return Counter(
        f"{call['method']} {call['path'].removeprefix('/repos/bench/host-calls/').split('/')[0]}"
        for call in host.calls()[before:]
    )
