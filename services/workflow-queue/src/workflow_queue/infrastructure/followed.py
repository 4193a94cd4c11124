"""What is followed of a pull request, and the cadence of its repository, by one statement."""

from datetime import datetime
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from workflow_queue.domain.pull_request import FollowedPullRequest, PullRequestRef
from workflow_queue.infrastructure.postgres_cadences import cadence_of
from workflow_queue.infrastructure.tables import cadences, followed_pull_requests


async def followed_pull_request(
    connection: AsyncConnection, ref: PullRequestRef
) -> FollowedPullRequest:
    """Either may be absent without the other."""
    followed, cadence = followed_pull_requests.c, cadences.c
    anything = (
        select(literal(1).label("one"))
        .subquery()
        .outerjoin(
            followed_pull_requests,
            (followed.organization_id == ref.organization_id)
            & (followed.repository_id == ref.repository_id)
            & (followed.number == ref.number),
        )
        .outerjoin(
            cadences,
            (cadence.organization_id == ref.organization_id)
            & (cadence.repository_id == ref.repository_id),
        )
    )
    query = select(
        followed.number,
        followed.updated_at,
        followed.head_sha,
        followed.closed,
        followed.job_id,
        followed.paused,
        followed.pushes.label("pushed"),
        cadence.mode,
        cadence.pushes,
        cadence.window_seconds,
    ).select_from(anything)
    row = (await connection.execute(query)).mappings().one()
    found = FollowedPullRequest(ref=ref, cadence=cadence_of(row) if row["mode"] else None)
    if row["number"] is not None:
        found.updated_at, found.head_sha = row["updated_at"], row["head_sha"]
        found.closed, found.job_id = row["closed"], row["job_id"]
        found.paused = row["paused"]
        found.pushes = tuple(datetime.fromisoformat(each) for each in row["pushed"])
    return found


async def keep(connection: AsyncConnection, followed: FollowedPullRequest) -> None:
    if followed.updated_at is None and not followed.paused:
        return  # nothing was heard of it
    row: dict[str, Any] = {
        "updated_at": followed.updated_at,
        "head_sha": followed.head_sha,
        "closed": followed.closed,
        "job_id": followed.job_id,
        "paused": followed.paused,
        "pushes": [each.isoformat() for each in followed.pushes],
    }
    ref = followed.ref
    key: dict[str, Any] = {
        "organization_id": ref.organization_id,
        "repository_id": ref.repository_id,
        "number": ref.number,
    }
    upsert = insert(followed_pull_requests).values(**key, **row)
    await connection.execute(upsert.on_conflict_do_update(index_elements=list(key), set_=row))
