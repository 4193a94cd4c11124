"""Leases in a table of their own: one statement for a heartbeat, and no event."""

from dataclasses import dataclass
from datetime import datetime

from crivo_postgres.pool import Pool
from sqlalchemy import ColumnElement, and_

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
from workflow_queue.infrastructure.statements import Statements, transaction
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
# all organizations: a worker names the job it does
_RENEW = """
INSERT INTO leases (job_id, step, attempt, until)
SELECT job_id, step, attempt, %(until)s FROM job_status_view
WHERE job_id = %(job_id)s AND state = 'running' AND step = %(step)s AND attempt = %(attempt)s
FOR SHARE
ON CONFLICT (job_id) DO UPDATE
SET step = excluded.step, attempt = excluded.attempt, until = excluded.until
RETURNING job_id
"""
# One that is held is being renewed or ended; waiting for it could be a deadlock.
_PROLONG = """
UPDATE leases SET until = %(until)s WHERE job_id IN (
    SELECT job_id FROM leases WHERE until < %(before)s FOR UPDATE SKIP LOCKED)
"""
# After the job's row was written: a snapshot of before may not have the lease yet.
_END = "DELETE FROM leases WHERE job_id = %(job_id)s"
_LEASE = "SELECT step, attempt, until FROM leases WHERE job_id = %(job_id)s"


@dataclass(frozen=True, slots=True)
class PostgresLeases:
    pool: Pool

    async def renew(self, job_id: JobId, lease: Lease) -> bool:
        values = {
            "job_id": job_id,
            "step": lease.step,
            "attempt": lease.attempt,
            "until": lease.until,
        }
        async with transaction(self.pool) as statements:
            (renewed,) = await statements.ask((_RENEW, values))
        return bool(renewed)

    async def prolong(self, *, before: datetime, until: datetime) -> None:
        async with transaction(self.pool) as statements:
            statements.add(_PROLONG, {"before": before, "until": until})


async def lease_of(statements: Statements, job_id: JobId) -> Lease | None:
    (found,) = await statements.ask((_LEASE, {"job_id": job_id}))
    return next((Lease(step=Step(step), attempt=n, until=until) for step, n, until in found), None)


def end_lease(statements: Statements, job: WorkflowJob) -> None:
    """With the end of a step; a heartbeat that comes later finds the job elsewhere."""
    if any(isinstance(event, _ENDS_STEP) for event in job.recorded):
        statements.add(_END, {"job_id": job.id})


def ran_out(now: datetime) -> ColumnElement[bool]:
    """Joins a running job with the lease of its very attempt, when that has run out."""
    return and_(
        leases.c.job_id == _view.job_id,
        leases.c.step == _view.step,
        leases.c.attempt == _view.attempt,
        leases.c.until <= now,
        _view.state == State.RUNNING,
    )
