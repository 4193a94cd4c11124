"""Events of jobs that ended long ago, moved out of the way; what reads a whole life reads both."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from workflow_queue.infrastructure.tables import archived_events, events, job_status_view

BATCH = 1000
_COPIED = [column.name for column in archived_events.c]

all_events = union_all(
    select(*(events.c[name] for name in _COPIED)),
    select(*(archived_events.c[name] for name in _COPIED)),
).subquery("all_events")


async def archive_batch(engine: AsyncEngine, *, before: datetime, limit: int = BATCH) -> int:
    """Move up to `limit` events of jobs that ended before; return how many there were.

    A stream may be moved in two parts: its older part is archived first, and readers see both.
    """
    view = job_status_view.c
    old = (
        select(events.c.position)
        .join(job_status_view, view.job_id == events.c.stream_id)
        # Ids are ordered by time: a job cannot end before it was created.
        .where(events.c.stream_id < _first_id(before), view.finished_at < before)
        .order_by(events.c.stream_id, events.c.version)
        .limit(limit)
    )
    moved = (
        delete(events)
        .where(events.c.position.in_(old))
        .returning(*(events.c[name] for name in _COPIED))
        .cte("moved")
    )
    copy = insert(archived_events).from_select(_COPIED, select(moved)).returning(literal(1))
    async with engine.begin() as connection:
        return len((await connection.execute(copy)).all())


def _first_id(at: datetime) -> UUID:
    """No UUIDv7 made at or after this time is less."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
