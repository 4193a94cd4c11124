"""What people may see of jobs. Read straight from the tables; no aggregate is loaded for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

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
