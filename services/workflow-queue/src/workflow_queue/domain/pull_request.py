"""The pull request a job reviews, and what is known of its newest state."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from workflow_queue.domain.cadence import Cadence

JobId = NewType("JobId", UUID)
OrganizationId = NewType("OrganizationId", UUID)
RepositoryId = NewType("RepositoryId", UUID)
IntegrationId = NewType("IntegrationId", UUID)

OPENED = "opened"
UPDATED = "updated"
REOPENED = "reopened"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestRef:
    organization_id: OrganizationId
    repository_id: RepositoryId
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as its code host described it at `updated_at`."""

    ref: PullRequestRef
    repository_full_name: str
    title: str
    author: str
    url: str
    base_sha: str
    head_sha: str
    change_set_id: str
    updated_at: datetime
    integration_id: IntegrationId | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """The same review is never asked for twice, however often the webhook is delivered."""

    ref: PullRequestRef
    head_sha: str
    trigger: str


@dataclass(slots=True, kw_only=True, eq=False)
class FollowedPullRequest:
    """The newest state heard of, so that what arrives late cannot undo it.

    `cadence` is that of its repository, where one was set.
    """

    ref: PullRequestRef
    updated_at: datetime | None = None
    head_sha: str | None = None
    closed: bool = False
    job_id: JobId | None = None
    paused: bool = False
    pushes: tuple[datetime, ...] = ()
    cadence: Cadence | None = None

    def is_stale(self, updated_at: datetime, trigger: str) -> bool:
        if self.updated_at is None:
            return False
        if updated_at != self.updated_at:
            return updated_at < self.updated_at
        # Code hosts count in seconds. Nothing happens to a pull request before it is opened,
        # and nothing after it is closed but its reopening.
        return trigger == OPENED or (self.closed and trigger != REOPENED)

    def is_news(self, updated_at: datetime) -> bool:
        return self.updated_at is None or updated_at > self.updated_at

    def hear(self, *, updated_at: datetime, head_sha: str, job_id: JobId) -> None:
        self.updated_at = updated_at
        self.head_sha = head_sha
        self.closed = False
        self.job_id = job_id

    def close(self, *, updated_at: datetime) -> None:
        self.updated_at = updated_at
        self.closed = True

    def note_push(self, *, at: datetime, cadence: Cadence) -> None:
        self.pushes = cadence.counted(self.pushes, at)
        if cadence.is_too_much(self.pushes):
            self.pause()

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        self.pushes = ()
