"""Reads for people and for the timer: SQL straight into typed structs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, case, select
from sqlalchemy.ext.asyncio import AsyncEngine

from workflow_queue.application.job_metrics import JobMetrics
from workflow_queue.application.job_views import HistoryEntry, JobFilter, JobView
from workflow_queue.application.ports import DueJob, JobNotFound
from workflow_queue.domain.job_events import StageTime
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId, OrganizationId
from workflow_queue.infrastructure.archive import all_events
from workflow_queue.infrastructure.job_metrics import metrics
from workflow_queue.infrastructure.leases import ran_out
from workflow_queue.infrastructure.tables import (
    IN_FLIGHT,
    job_status_view,
    leases,
    organizations,
)

_view = job_status_view.c
_waits = _view.state == State.RETRY_SCHEDULED
_NOT_SHOWN = {"job_id", "version", "due_at", "traceparent", "integration_id", "priority"}
_JOBS: Select[Any] = select(
    _view.job_id.label("id"),
    organizations.c.name.label("organization_name"),
    case((_waits, _view.due_at)).label("next_attempt_at"),
    case((~_waits, _view.due_at)).label("deadline_at"),
    *(column for column in _view if column.name not in _NOT_SHOWN),
).select_from(job_status_view.outerjoin(organizations, organizations.c.id == _view.organization_id))


@dataclass(frozen=True, slots=True)
class PostgresJobViews:
    engine: AsyncEngine

    async def job(self, organization_id: OrganizationId, job_id: JobId) -> JobView:
        query = _JOBS.where(_view.organization_id == organization_id, _view.job_id == job_id)
        async with self.engine.connect() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise JobNotFound(f"There is no job {job_id}")
        return JobView(**row)

    async def jobs(
        self,
        organization_id: OrganizationId,
        wanted: JobFilter,
        *,
        before: JobId | None,
        limit: int,
    ) -> Sequence[JobView]:
        query = _JOBS.where(_view.organization_id == organization_id)
        if wanted.state is not None:
            query = query.where(_view.state == wanted.state)
        if wanted.repository_id is not None:
            query = query.where(_view.repository_id == wanted.repository_id)
        if wanted.pull_request_number is not None:
            query = query.where(_view.pull_request_number == wanted.pull_request_number)
        if before is not None:
            query = query.where(_view.job_id < before)
        query = query.order_by(_view.job_id.desc()).limit(limit)
        async with self.engine.connect() as connection:
            return [JobView(**row) for row in (await connection.execute(query)).mappings()]

    async def history(
        self, organization_id: OrganizationId, job_id: JobId
    ) -> Sequence[HistoryEntry]:
        await self.job(organization_id, job_id)
        query = (
            select(all_events.c.version, all_events.c.type, all_events.c.data)
            .where(all_events.c.stream_id == job_id)
            .order_by(all_events.c.version)
        )
        async with self.engine.connect() as connection:
            return [_entry(row) for row in (await connection.execute(query)).mappings()]

    async def metrics(self, organization_id: OrganizationId, *, since: datetime) -> JobMetrics:
        async with self.engine.connect() as connection:
            return await metrics(connection, organization_id, since=since)

    async def due(self, *, now: datetime, limit: int) -> Sequence[DueJob]:
        due = select(_view.job_id, _view.correlation_id, _view.traceparent, _view.due_at)
        late = due.where(_view.due_at <= now, IN_FLIGHT)
        lost = due.join(leases, ran_out(now)).where(_view.due_at > now)
        query = late.union_all(lost).order_by("due_at").limit(limit)
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [
            DueJob(id=JobId(job_id), correlation_id=correlation_id, traceparent=traceparent)
            for job_id, correlation_id, traceparent, _ in rows
        ]


def _entry(row: RowMapping) -> HistoryEntry:
    # As stored: every schema version of every event keeps these names.
    data = row["data"]
    failure = data.get("failure") or {}
    attempt = data.get("attempt") or data.get("dispatch") or data.get("attempts")
    return HistoryEntry(
        sequence=row["version"],
        event=row["type"],
        at=datetime.fromisoformat(data["at"]),
        step=data.get("step"),
        attempt=attempt,
        outcome=data.get("outcome"),
        reason=failure.get("reason") or data.get("reason"),
        error_class=failure.get("error_class"),
        retry_at=_time(data.get("retry_at")),
        deadline_at=_time(data.get("deadline_at")),
        superseded_by=UUID(data["superseded_by"]) if "superseded_by" in data else None,
        requested_by=data.get("requested_by"),
        stages=[StageTime(**each) for each in data.get("stages", ())],
    )


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
