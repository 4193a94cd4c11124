"""The metrics view: jobs that ended, by hour and by how long they took.

Durations are counted in buckets that grow by a tenth, so a percentile is right to within a tenth
however many jobs there were (the idea of HdrHistogram and of Prometheus' native histograms), and
reading a day costs the same with a million jobs as with ten.
"""

import math
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, TextClause, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from workflow_queue.application.job_metrics import JobMetrics, Percentiles, Throughput
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import (
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobSkipped,
    JobSuperseded,
)
from workflow_queue.domain.pull_request import OrganizationId
from workflow_queue.infrastructure.statements import Statements
from workflow_queue.infrastructure.tables import IN_FLIGHT, WAITS, job_endings, job_status_view

GROWTH = 1.1
LONGEST_BUCKET = 300
_ENDINGS: Mapping[type[object], str] = {
    JobCompleted: "completed",
    JobFailed: "failed",
    JobCancelled: "cancelled",
    JobSuperseded: "superseded",
    JobSkipped: "skipped",
}
_COUNT = """
INSERT INTO job_endings (organization_id, hour, state, bucket, jobs)
VALUES (%(organization_id)s, %(hour)s, %(state)s, %(bucket)s, %(jobs)s)
ON CONFLICT (organization_id, hour, state, bucket)
DO UPDATE SET jobs = job_endings.jobs + excluded.jobs
"""
# all organizations: made again from the events of all
_REBUILD = text(f"""
INSERT INTO job_endings (organization_id, hour, state, bucket, jobs)
SELECT organization_id, date_trunc('hour', ended_at, 'UTC'), state,
       least(floor(ln(greatest(1, 1000 * extract(epoch FROM ended_at - created_at)))
                   / ln({GROWTH}::numeric)), {LONGEST_BUCKET}), count(*)
FROM (SELECT view.organization_id, view.created_at, substr(events.type, 5) AS state,
             (events.data->>'at')::timestamptz AS ended_at
      FROM (SELECT stream_id, type, data FROM events
            UNION ALL SELECT stream_id, type, data FROM archived_events) events
      JOIN job_status_view view ON view.job_id = events.stream_id
      WHERE events.type IN ('job_completed', 'job_failed', 'job_cancelled', 'job_superseded',
                            'job_skipped')) endings
GROUP BY 1, 2, 3, 4
""")  # noqa: S608 - constants


def bucket_of(duration: timedelta) -> int:
    milliseconds = max(1.0, duration / timedelta(milliseconds=1))
    return min(math.floor(math.log(milliseconds) / math.log(GROWTH)), LONGEST_BUCKET)


def seconds_of(bucket: int) -> float:
    """The middle of a bucket."""
    return float(GROWTH ** (bucket + 0.5)) / 1000


def count(statements: Statements, job: WorkflowJob) -> None:
    """Count the endings among the job's new events, in their transaction."""
    endings = Counter(
        (event.at.replace(minute=0, second=0, microsecond=0), state, event.at - job.created_at)
        for event in job.recorded
        if (state := _ENDINGS.get(type(event)))
    )
    for (hour, state, duration), jobs in endings.items():
        row = {
            "organization_id": job.pull_request.ref.organization_id,
            "hour": hour,
            "state": state,
            "bucket": bucket_of(duration),
            "jobs": jobs,
        }
        statements.add(_COUNT, row)


async def rebuild(engine: AsyncEngine) -> int:
    """Count all endings anew from the events; return how many hours that made."""
    async with engine.begin() as connection:
        # Jobs that end meanwhile wait for the second or two this takes.
        await connection.exec_driver_sql("LOCK TABLE job_endings IN EXCLUSIVE MODE")
        # all organizations: made again from the events of all
        await connection.execute(job_endings.delete())
        await connection.execute(_REBUILD)
        # all organizations: made again from the events of all
        hours = await connection.scalar(select(func.count(job_endings.c.hour.distinct())))
    return int(hours or 0)


async def metrics(
    connection: AsyncConnection, organization_id: OrganizationId, *, since: datetime
) -> JobMetrics:
    table, view = job_endings.c, job_status_view.c
    jobs = func.sum(table.jobs)
    counted = (table.organization_id == organization_id, table.hour >= since)
    # Added up where the rows are: a month of a busy organization has tens of thousands.
    states = tuple(_ENDINGS.values())
    by_state = [jobs.filter(table.state == state).label(state) for state in states]
    of_hours = select(table.hour, *by_state).where(*counted).group_by(table.hour)
    of_buckets = select(table.bucket, jobs).where(*counted, table.state == "completed")
    ended: Counter[str] = Counter()
    hours = []
    for hour, *totals in await connection.execute(of_hours.order_by(table.hour)):
        in_hour = {state: total for state, total in zip(states, totals, strict=True) if total}
        ended.update(in_hour)
        hours.append(Throughput(hour=hour, ended=in_hour))
    buckets = await connection.execute(of_buckets.group_by(table.bucket))

    def depth(which: TextClause) -> ScalarSelect[int]:
        found = select(func.count()).where(view.organization_id == organization_id, which)
        return found.scalar_subquery()

    depths = await connection.execute(select(depth(WAITS), depth(IN_FLIGHT)))
    waiting, in_flight = depths.one()
    return JobMetrics(
        since=since,
        waiting=waiting,
        in_flight=in_flight,
        ended=dict(ended),
        seconds_to_completion=percentiles(dict(buckets.all())),
        hours=hours,
    )


def percentiles(buckets: Mapping[int, int]) -> Percentiles | None:
    """None where nothing was completed."""
    total = sum(buckets.values())
    if not total:
        return None

    def at(share: float) -> float:
        seen = 0
        for bucket in sorted(buckets):
            seen += buckets[bucket]
            if seen >= share * total:
                return round(seconds_of(bucket), 3)
        raise AssertionError("the shares of all buckets make the whole")

    return Percentiles(p50=at(0.5), p95=at(0.95), p99=at(0.99))
