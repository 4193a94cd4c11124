"""Leases in a table of their own: one statement for a sign of life, and no event."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, bindparam, cast, delete, select, update
from sqlalchemy import DateTime as Moment
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

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
_until = cast(bindparam("until"), Moment(timezone=True))
# Locks the job's row: a step that ends meanwhile either sees this lease and removes it, or
# is seen here, and there is none.
_current = (
    select(_view.job_id, _view.step, _view.attempt, _until)
    .where(
        _view.job_id == bindparam("job_id"),
        _view.state == State.RUNNING,
        _view.step == bindparam("step", type_=String),
        _view.attempt == bindparam("attempt"),
    )
    .with_for_update(read=True)
)
_insert = insert(leases).from_select(["job_id", "step", "attempt", "until"], _current)
_RENEW = _insert.on_conflict_do_update(
    index_elements=["job_id"],
    set_={name: _insert.excluded[name] for name in ("step", "attempt", "until")},
).returning(leases.c.job_id)


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
        async with self._at_once() as connection:
            return (await connection.execute(_RENEW, values)).first() is not None

    async def prolong(self, *, before: datetime, until: datetime) -> None:
        # One that is held is being renewed or ended; waiting for it could be a deadlock.
        soon = select(leases.c.job_id).where(leases.c.until < before)
        soon = soon.with_for_update(skip_locked=True)
        prolong = update(leases).where(leases.c.job_id.in_(soon)).values(until=until)
        async with self._at_once() as connection:
            await connection.execute(prolong)

    def _at_once(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Each statement commits by itself: no round trips to begin and to end."""
        return self.engine.execution_options(isolation_level="AUTOCOMMIT").connect()


async def lease_of(connection: AsyncConnection, job_id: JobId) -> Lease | None:
    query = select(leases).where(leases.c.job_id == job_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Lease(step=Step(row.step), attempt=row.attempt, until=row.until)


async def end_lease(connection: AsyncConnection, job: WorkflowJob) -> None:
    """With the end of a step; a sign of life that comes later finds the job elsewhere."""
    if any(isinstance(event, _ENDS_STEP) for event in job.recorded):
        await connection.execute(delete(leases).where(leases.c.job_id == job.id))


def ran_out(now: datetime) -> ColumnElement[bool]:
    """Joins a running job with the lease of its very attempt, when that has run out."""
    return and_(
        leases.c.job_id == _view.job_id,
        leases.c.step == _view.step,
        leases.c.attempt == _view.attempt,
        leases.c.until <= now,
        _view.state == State.RUNNING,
    )
