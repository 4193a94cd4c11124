"""`make simulate-fairness`: what a small organization waits for behind a big one, and by weight."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from workflow_queue.domain.fair_share import Limits, Share
from workflow_queue.domain.pull_request import OrganizationId

from crivo_models.fair_queue import Job, Order, fair, first_come_first_served, made, simulate
from crivo_models.fairness_picture import FAIR, FIFO, Starts, draw
from crivo_models.page import fill

WINDOW = Limits().window
MEAN_SECONDS = 10.0
MANY = 1_000
EACH = 300
SEED = 1
BIG, SMALL = (OrganizationId(UUID(int=number)) for number in (1, 2))
WEIGHTS: Mapping[OrganizationId, float] = {
    OrganizationId(UUID(int=10 + weight)): float(weight) for weight in (1, 2, 4)
}
DOCS = Path(__file__).parents[4] / "docs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """The single job that arrives at a moment while a thousand wait.

    `first_free` is how long it takes until one of the running jobs is over: nobody can be faster.
    """

    arrives: float
    waits: float
    first_free: float


def single_job(arrives: float, order: Order) -> Single:
    jobs = made({BIG: (MANY, 0.0), SMALL: (1, arrives)}, mean=MEAN_SECONDS, seed=SEED)
    simulate(jobs, window=WINDOW, order=order)
    (single,) = (job for job in jobs if job.organization == SMALL)
    running = [job.ends - arrives for job in jobs if job.starts < arrives < job.ends]
    free = min(running) if len(running) == WINDOW else 0.0
    return Single(arrives=arrives, waits=single.waits, first_free=free)


def by_weight(order: Order) -> list[Job]:
    """Three organizations with as many jobs each, all there from the beginning."""
    jobs = made(dict.fromkeys(WEIGHTS, (EACH, 0.0)), mean=MEAN_SECONDS, seed=SEED)
    simulate(jobs, window=WINDOW, order=order)
    return jobs


def weighted() -> Order:
    shares = {
        organization: Share(concurrency=WINDOW, weight=weight)
        for organization, weight in WEIGHTS.items()
    }
    return fair(WINDOW, shares)


def started_while_all_wait(jobs: list[Job]) -> Mapping[OrganizationId, int]:
    """How many jobs each had started when the first of them had no more to start."""
    last = {each: max(job.starts for job in jobs if job.organization == each) for each in WEIGHTS}
    return Counter(job.organization for job in jobs if job.starts <= min(last.values()))


def table(fifo: list[Single], ours: list[Single]) -> str:
    rows = [
        "| the single job arrives after | first come first served: waits | fair: waits "
        f"| until one of the {WINDOW} running jobs is over |",
        "|---|---|---|---|",
    ]
    rows += [
        f"| {old.arrives:.0f} s | {old.waits:.1f} s | {new.waits:.1f} s | {new.first_free:.1f} s |"
        for old, new in list(zip(fifo, ours, strict=True))[::5]
    ]
    return "\n".join(rows)


def weight_table(jobs: list[Job], plain: list[Job]) -> str:
    ours, theirs = started_while_all_wait(jobs), started_while_all_wait(plain)
    rows = [
        f"| weight | of {WINDOW} places, exactly | fair: jobs started | first come first served |",
        "|---|---|---|---|",
    ]
    rows += [
        f"| {weight:.0f} | {WINDOW * weight / sum(WEIGHTS.values()):.1f} | {ours[organization]} |"
        f" {theirs[organization]} |"
        for organization, weight in WEIGHTS.items()
    ]
    return "\n".join(rows)


def _starts(jobs: list[Job]) -> Starts:
    return [
        (
            f"weight {weight:.0f}",
            sorted(job.starts for job in jobs if job.organization == organization),
        )
        for organization, weight in WEIGHTS.items()
    ]


def main() -> None:
    moments = [float(moment) for moment in range(10, 311, 12)]
    fifo = [single_job(moment, first_come_first_served) for moment in moments]
    ours = [single_job(moment, fair(WINDOW)) for moment in moments]
    weights, plain = by_weight(weighted()), by_weight(first_come_first_served)
    draw(
        DOCS / "fairness.png",
        waits={
            FIFO: [(each.arrives, each.waits) for each in fifo],
            FAIR: [(each.arrives, each.waits) for each in ours],
        },
        starts={FIFO: _starts(plain), FAIR: _starts(weights)},
    )
    page = DOCS / "fairness.md"
    fill(page, "single", table(fifo, ours))
    fill(page, "weights", weight_table(weights, plain))
    worst = max(ours, key=lambda each: each.waits)
    print(f"fair: the single job waits {worst.waits:.1f} s at most; wrote {page} and its picture")


if __name__ == "__main__":
    main()
