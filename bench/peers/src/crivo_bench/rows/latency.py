"""How long a job waits before it runs when nothing else does."""

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import TypeAlias
from uuid import UUID

from psycopg.rows import tuple_row

from crivo_bench.rows.celery_peer import celery_peer
from crivo_bench.rows.jobs import WorkflowQueue, workflow_queue
from crivo_bench.site import Bench, connect
from crivo_bench.table import Line, Target, percentile, ratio

TARGET = Target(bound="≤", value=1.5)
_TIMES = """
SELECT job_id, created_at, started_at FROM job_status_view ORDER BY created_at DESC LIMIT %s
"""
Legs: TypeAlias = Sequence[Sequence[float]]
Waits: TypeAlias = tuple[Sequence[float], Sequence[float]]


def measure(bench: Bench) -> list[Line]:
    jobs = max(5, bench.plan.jobs // 20)
    with workflow_queue(bench, "latency") as queue, celery_peer(bench.stack) as celery:

        def our_leg() -> Waits:
            return _waited(queue, jobs)

        def their_leg() -> Waits:
            return celery.latencies(jobs), ()

        ours, legs = bench.plan.interleaved(our_leg, their_leg)
    running, in_hands = [leg[0] for leg in ours], [leg[1] for leg in ours]
    theirs = [leg[0] for leg in legs]
    return [
        _line(
            "created → running, idle",
            running,
            theirs,
            "between the events in the job's history: a job that has room runs from the transaction"
            " that makes it; what follows until a worker has it is the next line",
        ),
        _line(
            "created → in the worker's hands, idle",
            in_hands,
            theirs,
            "from the first event in the job's history to the worker that reads the command, which"
            " is what Celery's figure is, but that it begins in the sender",
        ),
    ]


def _waited(queue: WorkflowQueue, jobs: int) -> Waits:
    """Milliseconds from each job's creation until it ran, and until the worker had it."""
    taken = queue.run_one_by_one(jobs)
    with connect(queue.database) as connection:
        times: list[tuple[UUID, datetime, datetime]]
        times = connection.cursor(row_factory=tuple_row).execute(_TIMES, [jobs]).fetchall()
    return (
        [1000 * (started - created).total_seconds() for _, created, started in times],
        [1000 * (taken[job_id] - created).total_seconds() for job_id, created, _ in times],
    )


def _line(what: str, ours: Legs, theirs: Legs, note: str) -> Line:
    return Line(
        what=what,
        ours=_said(ours),
        against=f"Celery, sent → running {_said(theirs)}",
        value=ratio([median(leg) for leg in ours], [median(leg) for leg in theirs]),
        target=TARGET,
        notes=(note,),
    )


def _said(legs: Legs) -> str:
    waits = [wait for leg in legs for wait in leg]
    return f"p50 {median(waits):.1f} ms, p99 {percentile(waits, 0.99):.1f} ms"
