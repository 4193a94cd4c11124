"""What is followed of a pull request, and the cadence of its repository."""

import json
from datetime import datetime
from typing import Any

from crivo_postgres.pool import Row

from workflow_queue.domain.pull_request import FollowedPullRequest, PullRequestRef
from workflow_queue.infrastructure.postgres_cadences import cadence_of
from workflow_queue.infrastructure.statements import Statements

# Either may be absent without the other.
READ = """
SELECT followed.updated_at, followed.head_sha, followed.closed, followed.job_id, followed.paused,
       followed.pushes, cadence.mode, cadence.pushes, cadence.window_seconds
FROM (SELECT) anything
LEFT JOIN followed_pull_requests followed ON followed.organization_id = %(organization_id)s
     AND followed.repository_id = %(repository_id)s AND followed.number = %(number)s
LEFT JOIN cadences cadence ON cadence.organization_id = %(organization_id)s
     AND cadence.repository_id = %(repository_id)s
"""
_KEEP = """
INSERT INTO followed_pull_requests (organization_id, repository_id, number, updated_at, head_sha,
    closed, job_id, paused, pushes)
VALUES (%(organization_id)s, %(repository_id)s, %(number)s, %(updated_at)s, %(head_sha)s,
    %(closed)s, %(job_id)s, %(paused)s, %(pushes)s::json)
ON CONFLICT (organization_id, repository_id, number) DO UPDATE
SET updated_at = excluded.updated_at, head_sha = excluded.head_sha, closed = excluded.closed,
    job_id = excluded.job_id, paused = excluded.paused, pushes = excluded.pushes
"""


def followed_pull_request(ref: PullRequestRef, row: Row) -> FollowedPullRequest:
    """Made of the one row of READ."""
    *of_pull_request, mode, pushes, window_seconds = row
    found = FollowedPullRequest(
        ref=ref, cadence=cadence_of(mode, pushes, window_seconds) if mode else None
    )
    updated_at, head_sha, closed, job_id, paused, pushed = of_pull_request
    if closed is not None:
        found.updated_at, found.head_sha, found.closed = updated_at, head_sha, closed
        found.job_id, found.paused = job_id, paused
        found.pushes = tuple(datetime.fromisoformat(each) for each in pushed)
    return found


def keep(statements: Statements, followed: FollowedPullRequest) -> None:
    if followed.updated_at is None and not followed.paused:
        return  # nothing was heard of it
    row = {
        "updated_at": followed.updated_at,
        "head_sha": followed.head_sha,
        "closed": followed.closed,
        "job_id": followed.job_id,
        "paused": followed.paused,
        "pushes": json.dumps([each.isoformat() for each in followed.pushes]),
    }
    statements.add(_KEEP, key_of(followed.ref) | row)


def key_of(ref: PullRequestRef) -> dict[str, Any]:
    return {
        "organization_id": ref.organization_id,
        "repository_id": ref.repository_id,
        "number": ref.number,
    }
