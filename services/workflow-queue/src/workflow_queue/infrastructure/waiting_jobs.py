"""Who waits and who runs, line by line, without reading all that waits."""

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from workflow_queue.domain.fair_share import InFlight, Line, Share, Waiting, WaitingJob
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import Priority
from workflow_queue.domain.pull_request import IntegrationId, JobId, OrganizationId
from workflow_queue.infrastructure.statements import Statements
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

# all organizations: the dispatcher shares out among all of them
_RUNNING = f"""
SELECT organization_id, integration_id, count(*) FROM job_status_view WHERE {IN_FLIGHT}
GROUP BY organization_id, integration_id
"""  # noqa: S608 - constants
# all organizations: the dispatcher shares out among all of them
_SOMEBODY_WAITS = f"""
SELECT job_id FROM job_status_view WHERE {WAITS} AND (due_at IS NULL OR due_at <= %(now)s) LIMIT 1
"""  # noqa: S608 - constants
# As one job of an organization on an integration sees it.
_IN_FLIGHT = f"""
SELECT count(*), count(*) FILTER (WHERE organization_id = %(organization_id)s),
       count(*) FILTER (WHERE organization_id = %(organization_id)s
                          AND integration_id = %(integration_id)s),
       (SELECT concurrency FROM organization_limits WHERE organization_id = %(organization_id)s)
FROM job_status_view WHERE {IN_FLIGHT}
"""  # noqa: S608 - constants
# Who holds it counts what runs and adds to it, so that no two together exceed a limit.
_RIGHT = 0x0C21_0005
_WAIT_FOR_RIGHT = f"SELECT pg_advisory_xact_lock({_RIGHT})"
_TAKE_RIGHT = f"SELECT pg_try_advisory_xact_lock({_RIGHT})"
# all organizations: the dispatcher shares out among all of them
_SHARES = "SELECT organization_id, concurrency, weight FROM organization_limits"


async def in_flight_if_free(
    statements: Statements, job: WorkflowJob, *, now: datetime
) -> InFlight | None:
    """None when somebody waits, or another holds the right to hand out; else it is held."""
    of = {
        "organization_id": job.pull_request.ref.organization_id,
        "integration_id": job.pull_request.integration_id or NO_INTEGRATION,
    }
    # Statements of their own: each sees what was committed before the right was taken.
    (
        ((taken,),),
        somebody,
        ((in_all, organization, integration, concurrency),),
    ) = await statements.ask((_TAKE_RIGHT, {}), (_SOMEBODY_WAITS, {"now": now}), (_IN_FLIGHT, of))
    if somebody or not taken:
        return None
    return InFlight(
        in_all=in_all, organization=organization, integration=integration, concurrency=concurrency
    )


async def waiting_jobs(statements: Statements, *, now: datetime, most: int) -> Waiting:
    """With the first `most` who wait in each line.

    When somebody waits, the right to hand out is waited for, and held until the end.
    """
    (somebody,) = await statements.ask((_SOMEBODY_WAITS, {"now": now}))
    if not somebody:
        return Waiting(lines=[], shares={})
    _, waits, runs, given = await statements.ask(
        (_WAIT_FOR_RIGHT, {}), (_WAITING, {"now": now, "most": most}), (_RUNNING, {}), (_SHARES, {})
    )
    waiting: dict[tuple[UUID, UUID], list[WaitingJob]] = {}
    for organization_id, integration_id, priority, job_id in waits:
        job = WaitingJob(priority=Priority(priority), id=JobId(job_id))
        waiting.setdefault((organization_id, integration_id), []).append(job)
    in_flight: Counter[tuple[UUID, UUID]] = Counter()
    for organization_id, integration_id, jobs in runs:
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
        for organization_id, concurrency, weight in given
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
