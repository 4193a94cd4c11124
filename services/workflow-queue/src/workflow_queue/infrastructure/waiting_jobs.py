"""Who waits and who runs, line by line, without reading all that waits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from workflow_queue.domain.fair_share import Line, Share, WaitingJob
from workflow_queue.domain.job_events import Priority
from workflow_queue.domain.pull_request import IntegrationId, JobId, OrganizationId
from workflow_queue.infrastructure.tables import (
    IN_FLIGHT,
    NO_INTEGRATION,
    WAITS,
    job_status_view,
    organization_limits,
)

# Skips from line to line over the index; PostgreSQL does so by itself from version 18 on.
_WAITING = text(f"""
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
      AND integration_id = line.integration_id AND (due_at IS NULL OR due_at <= :now)
    ORDER BY priority, job_id LIMIT :most) first
""")  # noqa: S608 - constants


async def waiting_lines(connection: AsyncConnection, *, now: datetime, most: int) -> Sequence[Line]:
    """Every line that somebody waits or runs in, with the first `most` who wait."""
    view = job_status_view.c
    waiting: dict[tuple[UUID, UUID], list[WaitingJob]] = {}
    for row in await connection.execute(_WAITING, {"now": now, "most": most}):
        job = WaitingJob(priority=Priority(row.priority), id=JobId(row.job_id))
        waiting.setdefault((row.organization_id, row.integration_id), []).append(job)
    running = (
        select(view.organization_id, view.integration_id, func.count())
        .where(IN_FLIGHT)
        .group_by(view.organization_id, view.integration_id)
    )
    in_flight: Counter[tuple[UUID, UUID]] = Counter()
    for organization_id, integration_id, jobs in await connection.execute(running):
        in_flight[organization_id, integration_id] = jobs
    return [
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


async def give_share(
    connection: AsyncConnection, organization_id: OrganizationId, share: Share | None
) -> None:
    """From now on; without one, the settings say."""
    table = organization_limits
    await connection.execute(delete(table).where(table.c.organization_id == organization_id))
    if share is not None:
        row = {"organization_id": organization_id, **asdict(share)}
        await connection.execute(table.insert().values(row))


async def shares(connection: AsyncConnection) -> Mapping[OrganizationId, Share]:
    """What was given to organizations that have more or less than the settings say."""
    return {
        OrganizationId(row.organization_id): Share(concurrency=row.concurrency, weight=row.weight)
        for row in await connection.execute(select(organization_limits))
    }
