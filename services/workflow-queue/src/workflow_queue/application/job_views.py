"""What people may see of jobs. Read straight from the tables; no aggregate is loaded for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from workflow_queue.domain.job_events import StageTime
from workflow_queue.domain.pull_request import JobId, OrganizationId


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    id: UUID
    organization_id: UUID
    organization_name: str | None
    repository_id: UUID
    repository_full_name: str
    pull_request_number: int
    pull_request_title: str
    pull_request_author: str
    pull_request_url: str
    head_sha: str
    trigger: str
    state: str
    step: str
    attempt: int
    reason: str | None
    error_class: str | None
    next_attempt_at: datetime | None
    deadline_at: datetime | None
    superseded_by: UUID | None
    outcome: str | None
    comments_published: int | None
    correlation_id: str
    created_at: datetime
    started_at: datetime | None
    analyzed_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One stored event, without the pull request that every one of them is about."""

    sequence: int
    event: str
    at: datetime
    step: str | None = None
    attempt: int | None = None
    outcome: str | None = None
    reason: str | None = None
    error_class: str | None = None
    retry_at: datetime | None = None
    deadline_at: datetime | None = None
    superseded_by: UUID | None = None
    requested_by: str | None = None
    stages: Sequence[StageTime] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One try of a step, from its start to what became of it; `outcome` is None while it runs."""

    step: str
    attempt: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    reason: str | None = None
    error_class: str | None = None
    stages: Sequence[StageTime] = ()


# What ends a step that runs, and how that is said of the attempt.
_ENDS = {
    "analysis_completed": "completed",
    "job_completed": "completed",
    "job_retry_scheduled": "failed",
    "job_failed": "failed",
    "job_superseded": "superseded",
    "job_cancelled": "cancelled",
}


def attempts_of(history: Sequence[HistoryEntry]) -> list[AttemptView]:
    """Every attempt, oldest first, of a whole history."""
    attempts: list[AttemptView] = []
    runs = False
    for entry in history:
        if entry.event == "step_started" and entry.step and entry.attempt:
            attempts.append(
                AttemptView(step=entry.step, attempt=entry.attempt, started_at=entry.at)
            )
            runs = True
        elif runs and entry.event in _ENDS:
            attempts[-1] = replace(
                attempts[-1],
                ended_at=entry.at,
                outcome=_ENDS[entry.event],
                reason=entry.reason,
                error_class=entry.error_class,
                stages=entry.stages,
            )
            runs = False
    return attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    state: str | None = None
    repository_id: UUID | None = None
    pull_request_number: int | None = None


class JobViews(Protocol):
    """Each raises JobNotFound for a job of another organization, as for one that is none."""

    async def job(self, organization_id: OrganizationId, job_id: JobId) -> JobView: ...

    async def jobs(
        self,
        organization_id: OrganizationId,
        wanted: JobFilter,
        *,
        before: JobId | None,
        limit: int,
    ) -> Sequence[JobView]:
        """Newest first: ids are ordered by time."""
        ...

    async def history(
        self, organization_id: OrganizationId, job_id: JobId
    ) -> Sequence[HistoryEntry]: ...
