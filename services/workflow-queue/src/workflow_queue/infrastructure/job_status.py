"""The JobStatusView projection: written with the events it shows, rebuilt from them on demand."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from workflow_queue.domain.job import WorkflowJob
from workflow_queue.infrastructure.stored_events import restored
from workflow_queue.infrastructure.tables import NO_INTEGRATION, events, job_status_view

BATCH = 500
_ORIGIN = ("correlation_id", "traceparent")
_UPSERT = insert(job_status_view)
_UPSERT = _UPSERT.on_conflict_do_update(
    index_elements=["job_id"],
    # The request a job came from stays the one that created it.
    set_={c.name: c for c in _UPSERT.excluded if c.name not in ("job_id", *_ORIGIN)},
)


async def show(connection: AsyncConnection, job: WorkflowJob, cause: Mapping[str, Any]) -> None:
    """Bring the job's row up to date, in the transaction of its events."""
    await connection.execute(_UPSERT, _row(job) | _origin(cause))


async def rebuild(engine: AsyncEngine) -> int:
    """Make every row anew from position 0; return how many. Writers wait until it is done."""
    async with engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE job_status_view IN ACCESS EXCLUSIVE MODE")
        await connection.execute(job_status_view.delete())
        streams = select(events.c.stream_id).where(events.c.version == 1)
        ids = (await connection.execute(streams.order_by(events.c.position))).scalars().all()
        for start in range(0, len(ids), BATCH):
            rows = await _rows(connection, ids[start : start + BATCH])
            await connection.execute(_UPSERT, rows)
    return len(ids)


async def _rows(connection: AsyncConnection, ids: Any) -> list[dict[str, Any]]:
    history = (
        select(events)
        .where(events.c.stream_id.in_(ids))
        .order_by(events.c.stream_id, events.c.version)
    )
    streams: dict[Any, list[Any]] = {}
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
