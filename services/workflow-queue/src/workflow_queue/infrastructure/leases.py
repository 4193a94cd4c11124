"""Leases in a table of their own: one statement for a sign of life, and no event."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import (
    AnalysisCompleted,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobRetryScheduled,
    JobSuperseded,
    LeaseLost,
    Step,
)
from workflow_queue.domain.job_state import State
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import JobId
from workflow_queue.infrastructure.pipelined import Connection, transaction
from workflow_queue.infrastructure.tables import job_status_view, leases

_ENDS_STEP = (
    AnalysisCompleted,
    JobRetryScheduled,
    LeaseLost,
    JobCompleted,
    JobFailed,
    JobSuperseded,
    JobCancelled,
)
_view = job_status_view.c
# Locks the job's row: a step that ends meanwhile either sees this lease and removes it, or
# is seen here, and there is none.
_RENEW = """
INSERT INTO leases (job_id, step, attempt, until)
SELECT job_id, step, attempt, %(until)s FROM job_status_view
WHERE job_id = %(job_id)s AND state = 'running' AND step = %(step)s AND attempt = %(attempt)s
FOR SHARE
ON CONFLICT (job_id) DO UPDATE
SET step = excluded.step, attempt = excluded.attempt, until = excluded.until
RETURNING job_id
"""
# After the job's row was written: a snapshot of before may not have the lease yet.
_END = "DELETE FROM leases WHERE job_id = %(job_id)s"
_LEASE = "SELECT step, attempt, until FROM leases WHERE job_id = %(job_id)s"


@dataclass(frozen=True, slots=True)
class PostgresLeases:
    engine: AsyncEngine

    async def renew(self, job_id: JobId, lease: Lease) -> bool:
        values = {
            "job_id": job_id,
            "step": lease.step,
            "attempt": lease.attempt,
            "until": lease.until,
        }
        async with transaction(self.engine) as connection:
            renewed = await connection.execute(_RENEW, values)
            return await renewed.fetchone() is not None

    async def prolong(self, *, before: datetime, until: datetime) -> None:
        # One that is held is being renewed or ended; waiting for it could be a deadlock.
        soon = select(leases.c.job_id).where(leases.c.until < before)
        soon = soon.with_for_update(skip_locked=True)
        prolong = update(leases).where(leases.c.job_id.in_(soon)).values(until=until)
        async with self.engine.begin() as connection:
            await connection.execute(prolong)


async def lease_of(connection: Connection, job_id: JobId) -> Lease | None:
    row = await (await connection.execute(_LEASE, {"job_id": job_id})).fetchone()
    return Lease(step=Step(row[0]), attempt=row[1], until=row[2]) if row else None


async def end_lease(connection: Connection, job: WorkflowJob) -> None:
    """With the end of a step; a sign of life that comes later finds the job elsewhere."""
    if any(isinstance(event, _ENDS_STEP) for event in job.recorded):
        await connection.execute(_END, {"job_id": job.id})


def ran_out(now: datetime) -> ColumnElement[bool]:
    """Joins a running job with the lease of its very attempt, when that has run out."""
    return and_(
        leases.c.job_id == _view.job_id,
        leases.c.step == _view.step,
        leases.c.attempt == _view.attempt,
        leases.c.until <= now,
        _view.state == State.RUNNING,
    )
