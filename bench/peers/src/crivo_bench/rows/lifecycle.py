"""A no-op job through its whole life, against the same job in Celery."""

from statistics import median

from crivo_bench.processor_time import tree_seconds, used
from crivo_bench.rows.celery_peer import CeleryPeer, celery_peer
from crivo_bench.rows.jobs import WorkflowQueue, workflow_queue
from crivo_bench.servers import settle
from crivo_bench.site import Bench
from crivo_bench.table import Line, Target, ratio

TARGET = Target(bound="≥", value=1.0)
# A leg has to be long enough to be more than its beginning and its end.
CELERY_FACTOR = 3


def measure(bench: Bench) -> list[Line]:
    with workflow_queue(bench, "lifecycle") as queue, celery_peer(bench.stack) as celery:
        return [_compare(bench, queue, celery)]


def _compare(bench: Bench, queue: WorkflowQueue, celery: CeleryPeer) -> Line:
    jobs = bench.plan.jobs

    def our_leg() -> tuple[float, float, float]:
        settle(bench.stack)
        spent = used(lambda: tree_seconds(queue.parts))
        echoed = used(lambda: tree_seconds([queue.echo]))
        seconds = queue.run_jobs(jobs)
        return jobs / seconds, spent() * 1000 / jobs, echoed() * 1000 / jobs

    def their_leg() -> tuple[float, float]:
        settle(bench.stack)
        spent = used(lambda: tree_seconds([celery.worker]))
        seconds = celery.run_jobs(jobs * CELERY_FACTOR)
        return jobs * CELERY_FACTOR / seconds, spent() * 1000 / (jobs * CELERY_FACTOR)

    our_leg(), their_leg()
    ours, theirs = bench.plan.interleaved(our_leg, their_leg)
    events, waiting = queue.stored()
    done = jobs * (bench.plan.pairs + 1) + 1
    rates = [leg[0] for leg in ours], [leg[0] for leg in theirs]
    return Line(
        what="no-op job through its whole life, jobs per second",
        ours=f"{median(rates[0]):.0f}/s, {median(leg[1] for leg in ours):.1f} ms CPU each",
        against=f"Celery {median(rates[1]):.0f}/s,"
        f" {median(leg[1] for leg in theirs):.1f} ms CPU each",
        value=ratio(*rates),
        target=TARGET,
        notes=(
            f"{events / done:.1f} events stored for each job, {waiting} messages unpublished at"
            f" the end; the worker that echoes used {median(leg[2] for leg in ours):.1f} ms more",
        ),
    )
