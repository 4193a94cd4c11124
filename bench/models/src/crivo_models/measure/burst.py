"""`make measure-burst`: many pull requests at once, as it really goes."""

import argparse
import statistics

from crivo_models.costs import BURST, Burst, RealBurst
from crivo_models.measure.others import Others, machine
from crivo_models.measure.processor_time import processor_seconds
from crivo_models.measure.pull_requests import PEOPLE, PullRequests
from crivo_models.measure.stage import parts, platform

WARM_UP = 10


def measure(count: int) -> RealBurst:
    with platform() as workspace:
        pull_requests = PullRequests(workspace)
        pull_requests.review(pull_requests.prepare(WARM_UP))
        drafts = pull_requests.prepare(count)
        measured = parts(workspace)
        before, others = processor_seconds(measured), Others()
        pull_requests.review(drafts)
        after = processor_seconds(measured)
        conditions = machine(others.used(sum(after.values()) - sum(before.values())))
        journeys = pull_requests.journeys(drafts)
    ends = [journey.posted for journey in journeys]
    seconds = (max(ends) - journeys[0].sent).total_seconds()
    waited = [journey.published_after for journey in journeys]
    burst = Burst(
        pull_requests=count,
        people=PEOPLE,
        seconds=seconds,
        p50=statistics.median(waited),
        p95=statistics.quantiles(waited, n=20)[-1],
        utilisation={name: (after[name] - before[name]) / seconds for name in after},
    )
    return RealBurst(machine=conditions, burst=burst)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make measure-burst", description=__doc__)
    parser.add_argument("--pull-requests", type=int, default=200)
    real = measure(parser.parse_args().pull_requests)
    real.write()
    burst = real.burst
    print(
        f"wrote {BURST}: {burst.throughput:.2f} pull requests/s, published after"
        f" {burst.p50:.1f} s (p50) and {burst.p95:.1f} s (p95);"
        f" other programs used {real.machine.used_by_others:.2f} cores"
    )


if __name__ == "__main__":
    main()
