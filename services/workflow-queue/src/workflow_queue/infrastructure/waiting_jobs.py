"""Who waits and who runs, line by line, without reading all that waits."""

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from workflow_queue.domain.fair_share import Line, Share, Waiting, WaitingJob
from workflow_queue.domain.job_events import Priority
from workflow_queue.domain.pull_request import IntegrationId, JobId, OrganizationId
from workflow_queue.infrastructure.pipelined import Connection
from workflow_queue.infrastructure.tables import (
    IN_FLIGHT,
    NO_INTEGRATION,
    WAITS,
    organization_limits,
)

# Skips from line to line over the index; PostgreSQL does so by itself from version 18 on.
_WAITING = f"""
WITH RECURSIVE line AS (
    (SELECT organization_id, integration_id FROM job_status_view WHERE {WAITS}
     ORDER BY organization_id, integration_id LIMIT 1)
    UNION ALL
    SELECT following.* FROM line, LATERAL (
        SELECT organization_id, integration_id FROM job_status_view
        WHERE {WAITS} AND (organization_id, integration_id)
                        > (line.organization_id, line.integration_id)
        ORDER BY organization_id, integration_id LIMIT 1) following
)
SELECT line.organization_id, line.integration_id, first.priority, first.job_id
FROM line, LATERAL (
    SELECT priority, job_id FROM job_status_view
    WHERE {WAITS} AND organization_id = line.organization_id
      AND integration_id = line.integration_id AND (due_at IS NULL OR due_at <= %(now)s)
    ORDER BY priority, job_id LIMIT %(most)s) first
"""  # noqa: S608 - constants

_RUNNING = f"""
SELECT organization_id, integration_id, count(*) FROM job_status_view WHERE {IN_FLIGHT}
GROUP BY organization_id, integration_id
"""  # noqa: S608 - constants
# Who holds it counts what runs and adds to it, so that no two together exceed a limit.
_RIGHT = 0x0C21_0005
_WAIT_FOR_RIGHT = f"SELECT pg_advisory_xact_lock({_RIGHT}) IS NOT NULL"
_TAKE_RIGHT = f"SELECT pg_try_advisory_xact_lock({_RIGHT})"
_SHARES = "SELECT organization_id, concurrency, weight FROM organization_limits"


async def waiting_jobs(
    connection: Connection, *, now: datetime, most: int, patient: bool
) -> Waiting | None:
    """With the first `most` who wait in each line; None when another holds the right to hand out.

    `patient` waits for that right. It is held until the transaction ends.
    """
    # All are on their way before the first is waited for; each sees what the lock waited for.
    taken = await connection.execute(_WAIT_FOR_RIGHT if patient else _TAKE_RIGHT)
    waits = await connection.execute(_WAITING, {"now": now, "most": most})
    runs = await connection.execute(_RUNNING)
    given = await connection.execute(_SHARES)
    if (await taken.fetchone()) == (False,):
        return None
    waiting: dict[tuple[UUID, UUID], list[WaitingJob]] = {}
    for organization_id, integration_id, priority, job_id in await waits.fetchall():
        job = WaitingJob(priority=Priority(priority), id=JobId(job_id))
        waiting.setdefault((organization_id, integration_id), []).append(job)
    in_flight: Counter[tuple[UUID, UUID]] = Counter()
    for organization_id, integration_id, jobs in await runs.fetchall():
        in_flight[organization_id, integration_id] = jobs
    lines = [
        Line(
            organization_id=OrganizationId(organization_id),
            integration_id=(
                None if integration_id == NO_INTEGRATION else IntegrationId(integration_id)
            ),
            in_flight=in_flight[organization_id, integration_id],
            waiting=tuple(waiting.get((organization_id, integration_id), ())),
        )
        for organization_id, integration_id in waiting.keys() | in_flight.keys()
    ]
    shares = {
        OrganizationId(organization_id): Share(concurrency=concurrency, weight=weight)
        for organization_id, concurrency, weight in await given.fetchall()
    }
    return Waiting(lines=lines, shares=shares)


async def give_share(
    connection: AsyncConnection, organization_id: OrganizationId, share: Share | None
) -> None:
    """From now on; without one, the settings say."""
    table = organization_limits
    await connection.execute(delete(table).where(table.c.organization_id == organization_id))
    if share is not None:
        row = {"organization_id": organization_id, **asdict(share)}
        await connection.execute(table.insert().values(row))
