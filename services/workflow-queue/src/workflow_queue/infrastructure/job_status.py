"""The JobStatusView projection: written with the events it shows, rebuilt from them on demand."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from workflow_queue.domain.job import WorkflowJob
from workflow_queue.infrastructure.archive import all_events
from workflow_queue.infrastructure.stored_events import restored
from workflow_queue.infrastructure.tables import (
    NO_INTEGRATION,
    archived_events,
    events,
    job_status_view,
)

BATCH = 500
NOBODY = UUID(int=0)
_ORIGIN = ("correlation_id", "traceparent")
_COLUMNS = [column.name for column in job_status_view.c]
# The request a job came from stays the one that created it.
_CHANGE = [name for name in _COLUMNS if name not in ("job_id", *_ORIGIN)]
SHOW = f"""
INSERT INTO job_status_view ({", ".join(_COLUMNS)})
VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
ON CONFLICT (job_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _CHANGE)}
"""  # noqa: S608 - constants
_INSERT = insert(job_status_view)
_REBUILD = _INSERT.on_conflict_do_update(
    index_elements=["job_id"],
    set_={c.name: c for c in _INSERT.excluded if c.name != "job_id"},
    # What a writer wrote since the events were read is newer.
    where=job_status_view.c.version <= _INSERT.excluded.version,
)


def shown(job: WorkflowJob, cause: Mapping[str, str | None]) -> dict[str, Any]:
    """The parameters of SHOW, which brings the job's row up to date with its events."""
    return _row(job) | _origin(cause)


async def rebuild(engine: AsyncEngine) -> int:
    """Make every row anew from its events; return how many. Writers go on meanwhile."""
    jobs = 0
    refused: list[UUID] = []
    # A stream that is archived meanwhile is met in the second pass, if not in the first.
    for table in (events, archived_events):
        after = NOBODY
        while ids := await _streams(engine, table, after):
            jobs, after = jobs + len(ids), ids[-1]
            for row in await _rows(engine, ids):
                try:
                    await _keep(engine, row)
                except IntegrityError:
                    refused.append(row["job_id"])
    await _forget_unknown(engine)
    for row in await _rows(engine, refused):
        await _keep(engine, row)  # no wrong row is in its way any more
    return jobs


async def _streams(engine: AsyncEngine, table: Table, after: UUID) -> Sequence[UUID]:
    begun = select(table.c.stream_id).where(table.c.version == 1, table.c.stream_id > after)
    async with engine.connect() as connection:
        return (await connection.scalars(begun.order_by(table.c.stream_id).limit(BATCH))).all()


async def _keep(engine: AsyncEngine, row: dict[str, Any]) -> None:
    """A transaction for each row: one of many could deadlock with a writer of two."""
    async with engine.begin() as connection:
        await connection.execute(_REBUILD, row)


async def _forget_unknown(engine: AsyncEngine) -> None:
    job_id = job_status_view.c.job_id
    known = [exists().where(table.c.stream_id == job_id) for table in (events, archived_events)]
    async with engine.begin() as connection:
        # all organizations: made again from the events of all
        await connection.execute(job_status_view.delete().where(~or_(*known)))


async def _rows(engine: AsyncEngine, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    history = (
        select(all_events)
        .where(all_events.c.stream_id.in_(ids))
        .order_by(all_events.c.stream_id, all_events.c.version)
    )
    streams: dict[Any, list[Any]] = {}
    async with engine.connect() as connection:
        for row in (await connection.execute(history)).mappings():
            streams.setdefault(row["stream_id"], []).append(row)
    return [
        _row(WorkflowJob.rebuilt(restored(r["type"], r["schema_version"], r["data"]) for r in rows))
        | _origin(rows[0]["metadata"])
        for rows in streams.values()
    ]


def _origin(cause: Mapping[str, Any]) -> dict[str, Any]:
    return {name: cause.get(name) for name in _ORIGIN}


def _row(job: WorkflowJob) -> dict[str, Any]:
    pull_request = job.pull_request
    return {
        "job_id": job.id,
        "version": job.version,
        "organization_id": pull_request.ref.organization_id,
        "repository_id": pull_request.ref.repository_id,
        "repository_full_name": pull_request.repository_full_name,
        "pull_request_number": pull_request.ref.number,
        "pull_request_title": pull_request.title,
        "pull_request_author": pull_request.author,
        "pull_request_url": pull_request.url,
        "head_sha": pull_request.head_sha,
        "trigger": job.trigger,
        "integration_id": pull_request.integration_id or NO_INTEGRATION,
        "priority": job.priority,
        "state": job.state,
        "step": job.step,
        "attempt": job.attempt,
        "due_at": job.due_at,
        "reason": job.reason,
        "error_class": job.failure.error_class if job.failure else None,
        "superseded_by": job.superseded_by,
        "outcome": job.outcome,
        "comments_published": job.comments_published,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "analyzed_at": job.analyzed_at,
        "finished_at": job.finished_at,
        "updated_at": job.updated_at,
    }
