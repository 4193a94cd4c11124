"""What the use cases need from outside."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol, TypeAlias
from uuid import UUID

from workflow_queue.domain.cadence import Cadence
from workflow_queue.domain.fair_share import InFlight, Waiting
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import (
    FollowedPullRequest,
    IdempotencyKey,
    JobId,
    OrganizationId,
    PullRequestRef,
    RepositoryId,
)

PublishPayload = NewType("PublishPayload", str)
"""JSON of the review to publish: carried through, and none of this service's business."""


class JobNotFound(Exception):
    pass


class ConcurrentUpdate(Exception):
    """Somebody else changed the job since it was read: try again."""


class AlreadyHandled(Exception):
    """The message that a transaction claims was handled before: nothing is done again."""


class Verdict(StrEnum):
    """What became of a message, for the edge to count and to log."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Jobs(Protocol):
    def add(self, job: WorkflowJob) -> None: ...

    async def get(self, job_id: JobId) -> WorkflowJob:
        """Raise JobNotFound when there is none."""
        ...

    async def get_many(self, job_ids: Sequence[JobId]) -> Sequence[WorkflowJob]:
        """In the order of `job_ids`; raise JobNotFound when one is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A pull request that nobody else changes until the end.

    Changes to what is `followed` of it are kept. `known` is the job of the key that was given.
    """

    followed: FollowedPullRequest
    active: Sequence[WorkflowJob]
    known: WorkflowJob | None


class Transaction(Protocol):
    """Commits jobs, their events and messages, and the inbox mark together, or nothing."""

    @property
    def jobs(self) -> Jobs: ...

    def claim(self, message_id: UUID, *, consumer: str) -> None:
        """Whatever reads next, or the end, raises AlreadyHandled where this consumer had it."""
        ...

    async def hold(self, ref: PullRequestRef, *, key: IdempotencyKey | None = None) -> Held:
        """Wait until nobody else holds the pull request, and hold it until the end."""
        ...

    async def waiting(self, *, now: datetime, most: int) -> Waiting:
        """Who waits, with up to `most` of each line.

        When somebody does, nobody else hands out jobs until the end.
        """
        ...

    async def in_flight_if_free(self, job: WorkflowJob, *, now: datetime) -> InFlight | None:
        """What runs beside a job, or None when somebody waits or is handing out jobs.

        Otherwise nobody else hands out jobs until the end.
        """
        ...

    async def lease(self, job_id: JobId) -> Lease | None: ...

    def keep_payload(self, job_id: JobId, payload: PublishPayload) -> None: ...

    def name_organization(self, organization_id: OrganizationId, name: str) -> None: ...


class Cadences(Protocol):
    """What people set; a repository without one has the default."""

    async def get(
        self, organization_id: OrganizationId, repository_id: RepositoryId
    ) -> Cadence | None: ...

    async def put(
        self, organization_id: OrganizationId, repository_id: RepositoryId, cadence: Cadence
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJob:
    """A job that time alone must move, and the request it once came from."""

    id: JobId
    correlation_id: str
    traceparent: str | None


class DueJobs(Protocol):
    async def __call__(self, *, now: datetime, limit: int) -> Sequence[DueJob]: ...


class Leases(Protocol):
    async def renew(self, job_id: JobId, lease: Lease) -> bool:
        """False, and nothing kept, when the job is not at this attempt of this step."""
        ...

    async def prolong(self, *, before: datetime, until: datetime) -> None:
        """Every lease that runs out before `before` lasts `until` then."""
        ...


Begin: TypeAlias = Callable[[], AbstractAsyncContextManager[Transaction]]
Now: TypeAlias = Callable[[], datetime]
NewId: TypeAlias = Callable[[], UUID]
Jitter: TypeAlias = Callable[[], float]
