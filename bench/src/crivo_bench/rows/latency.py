"""How long a job waits before it runs when nothing else does."""

from collections.abc import Sequence
from statistics import median

from crivo_bench.rows.celery_peer import celery_peer
from crivo_bench.rows.jobs import WorkflowQueue, workflow_queue
from crivo_bench.site import Bench, connect
from crivo_bench.table import Line, Target, percentile, ratio

TARGET = Target(bound="≤", value=1.5)
_WAITED = """
SELECT extract(epoch FROM started_at - created_at)::float * 1000
FROM job_status_view ORDER BY created_at DESC LIMIT %s
"""


def measure(bench: Bench) -> list[Line]:
    jobs = max(5, bench.plan.jobs // 20)
    with workflow_queue(bench, "latency") as queue, celery_peer(bench.stack) as celery:
        ours, theirs = bench.plan.interleaved(
            lambda: _waited(queue, jobs), lambda: celery.latencies(jobs)
        )
    return [
        Line(
            what="created → running, idle",
            ours=_said(ours),
            against=f"Celery, sent → running {_said(theirs)}",
            value=ratio([median(leg) for leg in ours], [median(leg) for leg in theirs]),
            target=TARGET,
            notes=(
                "ours is between the events in the job's history, so it ends when the job is"
                " running in the database and its command is on the way to the worker",
            ),
        )
    ]


def _waited(queue: WorkflowQueue, jobs: int) -> Sequence[float]:
    queue.run_one_by_one(jobs)
    with connect(queue.database) as connection:
        return [row[0] for row in connection.execute(_WAITED, [jobs])]


def _said(legs: Sequence[Sequence[float]]) -> str:
    waits = [wait for leg in legs for wait in leg]
    return f"p50 {median(waits):.1f} ms, p99 {percentile(waits, 0.99):.1f} ms"
