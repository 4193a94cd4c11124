"""The ports in memory. The conformance suite holds them to what PostgreSQL does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from workflow_queue.application.job_views import HistoryEntry, JobFilter, JobView
from workflow_queue.application.ports import (
    AlreadyHandled,
    ConcurrentUpdate,
    DueJob,
    Held,
    JobNotFound,
    PublishPayload,
)
from workflow_queue.domain.fair_share import InFlight, Line, Share, Waiting, WaitingJob
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import JobEvent
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import (
    FollowedPullRequest,
    IdempotencyKey,
    IntegrationId,
    JobId,
    OrganizationId,
    PullRequestRef,
)
from workflow_queue_support.cadences import MemoryCadences


@dataclass
class MemoryStore:
    streams: dict[JobId, list[JobEvent]] = field(default_factory=dict)
    recorded: list[tuple[JobId, JobEvent]] = field(default_factory=list)
    inbox: set[tuple[str, UUID]] = field(default_factory=set)
    followed: dict[PullRequestRef, FollowedPullRequest] = field(default_factory=dict)
    payloads: dict[JobId, PublishPayload] = field(default_factory=dict)
    organizations: dict[OrganizationId, str] = field(default_factory=dict)
    shares: dict[OrganizationId, Share] = field(default_factory=dict)
    cadences: MemoryCadences = field(default_factory=MemoryCadences)
    leases: dict[JobId, Lease] = field(default_factory=dict)
    locks: dict[PullRequestRef, asyncio.Lock] = field(default_factory=dict)
    right: asyncio.Lock = field(default_factory=asyncio.Lock)

    def job(self, job_id: JobId) -> WorkflowJob:
        return WorkflowJob.rebuilt(self.streams[job_id])

    def jobs(self) -> list[WorkflowJob]:
        return [WorkflowJob.rebuilt(events) for events in self.streams.values()]

    def last(self, job_id: JobId) -> JobEvent:
        return self.streams[job_id][-1]

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["MemoryTransaction"]:
        async with AsyncExitStack() as held:
            transaction = MemoryTransaction(self, held)
            yield transaction
            transaction.commit()

    async def due(self, *, now: datetime, limit: int) -> Sequence[DueJob]:
        due = [job for job in self.jobs() if self.is_due(job, now)]
        return [DueJob(id=job.id, correlation_id="c", traceparent=None) for job in due[:limit]]

    def is_due(self, job: WorkflowJob, now: datetime) -> bool:
        late = not job.waits and job.due_at is not None and job.due_at <= now
        return late or job.is_lost(self.leases.get(job.id), now=now)

    def is_next(self, job: WorkflowJob, now: datetime) -> bool:
        return job.waits and (job.due_at is None or job.due_at <= now)

    async def renew(self, job_id: JobId, lease: Lease) -> bool:
        job = self.job(job_id) if job_id in self.streams else None
        if job is None or not job.is_held_by(lease):
            return False
        self.leases[job_id] = lease
        return True

    async def prolong(self, *, before: datetime, until: datetime) -> None:
        for job_id, lease in self.leases.items():
            if lease.until < before:
                self.leases[job_id] = replace(lease, until=until)


class MemoryJobs:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.seen: dict[JobId, WorkflowJob] = {}

    def add(self, job: WorkflowJob) -> None:
        self.seen[job.id] = job

    async def get(self, job_id: JobId) -> WorkflowJob:
        if job_id not in self._store.streams:
            raise JobNotFound(job_id)
        return self.seen.setdefault(job_id, self._store.job(job_id))

    async def get_many(self, job_ids: Sequence[JobId]) -> Sequence[WorkflowJob]:
        return [await self.get(job_id) for job_id in job_ids]


class MemoryTransaction:
    def __init__(self, store: MemoryStore, held: AsyncExitStack) -> None:
        self._store = store
        self._held = held
        self._claims: set[tuple[str, UUID]] = set()
        self._followed: list[FollowedPullRequest] = []
        self._payloads: dict[JobId, PublishPayload] = {}
        self._organizations: dict[OrganizationId, str] = {}
        self._has_right = False
        self.jobs = MemoryJobs(store)

    def claim(self, message_id: UUID, *, consumer: str) -> None:
        claim = (consumer, message_id)
        if claim in self._store.inbox | self._claims:
            raise AlreadyHandled(message_id)
        self._claims.add(claim)

    async def hold(self, ref: PullRequestRef, *, key: IdempotencyKey | None = None) -> Held:
        await self._held.enter_async_context(self._store.locks.setdefault(ref, asyncio.Lock()))
        heard = self._store.followed.get(ref)
        followed = copy(heard) if heard else FollowedPullRequest(ref=ref)
        followed.cadence = await self._store.cadences.get(ref.organization_id, ref.repository_id)
        self._followed.append(followed)
        ids = [job.id for job in self._store.jobs() if job.pull_request.ref == ref]
        jobs = await self.jobs.get_many(ids)
        return Held(
            followed=followed,
            active=[job for job in jobs if job.is_active],
            known=next((job for job in jobs if job.key == key), None),
        )

    def _somebody_waits(self, now: datetime) -> bool:
        return any(self._store.is_next(job, now) for job in self._store.jobs())

    async def waiting(self, *, now: datetime, most: int) -> Waiting:
        if not self._somebody_waits(now):
            return Waiting(lines=[], shares={})
        if not self._has_right:
            await self._held.enter_async_context(self._store.right)
            self._has_right = True
        lines: dict[tuple[OrganizationId, IntegrationId | None], list[WorkflowJob]] = {}
        for job in self._store.jobs():
            of = job.pull_request
            lines.setdefault((of.ref.organization_id, of.integration_id), []).append(job)
        return Waiting(
            lines=[
                Line(
                    organization_id=organization_id,
                    integration_id=integration_id,
                    in_flight=sum(job.is_active and not job.waits for job in jobs),
                    waiting=tuple(
                        sorted(
                            WaitingJob(priority=job.priority, id=job.id)
                            for job in jobs
                            if self._store.is_next(job, now)
                        )[:most]
                    ),
                )
                for (organization_id, integration_id), jobs in lines.items()
            ],
            shares=self._store.shares,
        )

    async def in_flight_if_free(self, job: WorkflowJob, *, now: datetime) -> InFlight | None:
        if self._somebody_waits(now) or (self._store.right.locked() and not self._has_right):
            return None
        if not self._has_right:
            await self._held.enter_async_context(self._store.right)
            self._has_right = True
        of = job.pull_request
        running = [
            each.pull_request for each in self._store.jobs() if each.is_active and not each.waits
        ]
        organization = [r for r in running if r.ref.organization_id == of.ref.organization_id]
        share = self._store.shares.get(of.ref.organization_id)
        return InFlight(
            in_all=len(running),
            organization=len(organization),
            integration=sum(r.integration_id == of.integration_id for r in organization),
            concurrency=share.concurrency if share else None,
        )

    async def lease(self, job_id: JobId) -> Lease | None:
        return self._store.leases.get(job_id)

    def keep_payload(self, job_id: JobId, payload: PublishPayload) -> None:
        self._payloads[job_id] = payload

    def name_organization(self, organization_id: OrganizationId, name: str) -> None:
        self._organizations[organization_id] = name

    def commit(self) -> None:
        store = self._store
        for job in self.jobs.seen.values():
            if len(store.streams.get(job.id, [])) != job.version - len(job.recorded):
                raise ConcurrentUpdate(job.id)
        keys = {job.key: job.id for job in store.jobs()}
        for job in self.jobs.seen.values():
            if keys.get(job.key, job.id) != job.id:
                raise ConcurrentUpdate(job.id)
            store.streams.setdefault(job.id, []).extend(job.recorded)
            if job.id in store.leases and not job.is_held_by(store.leases[job.id]):
                del store.leases[job.id]
            store.recorded.extend((job.id, event) for event in job.recorded)
        store.inbox |= self._claims
        store.followed |= {
            each.ref: each for each in self._followed if each.updated_at or each.paused
        }
        store.payloads |= self._payloads
        store.organizations |= self._organizations


class NoViews:
    """For tests that look into the store itself."""

    async def job(self, organization_id: OrganizationId, job_id: JobId) -> JobView:
        raise NotImplementedError

    async def jobs(
        self,
        organization_id: OrganizationId,
        wanted: JobFilter,
        *,
        before: JobId | None,
        limit: int,
    ) -> Sequence[JobView]:
        raise NotImplementedError

    async def history(
        self, organization_id: OrganizationId, job_id: JobId
    ) -> Sequence[HistoryEntry]:
        raise NotImplementedError
