"""Jobs, their events and their messages, in one PostgreSQL transaction.

Nothing here outlives a transaction, so that a pooler in transaction mode may sit in between.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from crivo_messaging import postgres as messaging
from crivo_messaging.envelope import Envelope
from crivo_messaging.postgres_outbox import CHANNEL as OUTBOX
from crivo_observability.context import causation_id, correlation_id
from crivo_observability.traces import traceparent
from psycopg.errors import UniqueViolation
from sqlalchemy import ColumnElement, FromClause, Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from workflow_queue.application.ports import ConcurrentUpdate, JobNotFound, PublishPayload
from workflow_queue.domain.fair_share import Line, Share
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import (
    JobCancelled,
    JobCompleted,
    JobDispatched,
    JobSuperseded,
    Step,
    StepStarted,
)
from workflow_queue.domain.job_state import ACTIVE
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import (
    FollowedPullRequest,
    IdempotencyKey,
    JobId,
    OrganizationId,
    PullRequestRef,
)
from workflow_queue.infrastructure import job_metrics, job_status
from workflow_queue.infrastructure.archive import all_events
from workflow_queue.infrastructure.followed import followed_pull_request, keep
from workflow_queue.infrastructure.leases import end_lease, lease_of
from workflow_queue.infrastructure.published import envelopes
from workflow_queue.infrastructure.stored_events import restored, stored
from workflow_queue.infrastructure.tables import (
    events,
    job_status_view,
    organizations,
    step_payloads,
)
from workflow_queue.infrastructure.waiting_jobs import shares, waiting_lines

DISPATCHER = "dispatcher"


class PostgresJobs:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._seen: dict[JobId, WorkflowJob] = {}

    def add(self, job: WorkflowJob) -> None:
        self._seen[job.id] = job

    async def get(self, job_id: JobId) -> WorkflowJob:
        if job_id not in self._seen:
            history = await self._history(job_id, events)
            if not history or history[0].version > 1:
                history = await self._history(job_id, all_events)
            if not history:
                raise JobNotFound(f"There is no job {job_id}")
            self._seen[job_id] = WorkflowJob.rebuilt(
                restored(row.type, row.schema_version, row.data) for row in history
            )
        return self._seen[job_id]

    async def _history(self, job_id: JobId, source: FromClause) -> Sequence[Row[Any]]:
        columns = (source.c[name] for name in ("version", "type", "schema_version", "data"))
        history = select(*columns).where(source.c.stream_id == job_id).order_by(source.c.version)
        return (await self._connection.execute(history)).all()

    async def find(self, key: IdempotencyKey) -> WorkflowJob | None:
        found = await self._ids(
            key.ref,
            job_status_view.c.head_sha == key.head_sha,
            job_status_view.c.trigger == key.trigger,
        )
        return await self.get(found[0]) if found else None

    async def active(self, ref: PullRequestRef) -> Sequence[WorkflowJob]:
        active = await self._ids(ref, job_status_view.c.state.in_(sorted(ACTIVE)))
        return [await self.get(job_id) for job_id in active]

    async def _ids(self, ref: PullRequestRef, *which: ColumnElement[bool]) -> Sequence[JobId]:
        view = job_status_view.c
        of_pull_request = select(view.job_id).where(
            view.organization_id == ref.organization_id,
            view.repository_id == ref.repository_id,
            view.pull_request_number == ref.number,
            *which,
        )
        return [JobId(each) for each in (await self._connection.scalars(of_pull_request)).all()]

    def changed(self) -> list[WorkflowJob]:
        """Stopped ones first: one job of a pull request ends before another begins."""
        changed = [job for job in self._seen.values() if job.recorded]
        return sorted(changed, key=lambda job: job.is_active)


class PostgresTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._followed: list[FollowedPullRequest] = []
        self._payloads: dict[JobId, PublishPayload] = {}
        self._cause = {
            "correlation_id": correlation_id(),
            "causation_id": causation_id(),
            "traceparent": traceparent(),
        }
        self.jobs = PostgresJobs(connection)

    async def first_time(self, message_id: UUID, *, consumer: str) -> bool:
        return await messaging.first_time(
            self._connection, consumer=consumer, message_id=message_id
        )

    async def lock(self, ref: PullRequestRef) -> FollowedPullRequest:
        name = f"{ref.organization_id}:{ref.repository_id}:{ref.number}"
        key = func.hashtextextended(name, 0)
        await self._connection.execute(select(func.pg_advisory_xact_lock(key)))
        # A statement of its own: only now does it see what the last holder committed.
        followed = await followed_pull_request(self._connection, ref)
        self._followed.append(followed)
        return followed

    async def waiting(
        self, *, now: datetime, most: int
    ) -> tuple[Sequence[Line], Mapping[OrganizationId, Share]]:
        return (
            await waiting_lines(self._connection, now=now, most=most),
            await shares(self._connection),
        )

    async def lease(self, job_id: JobId) -> Lease | None:
        return await lease_of(self._connection, job_id)

    async def keep_payload(self, job_id: JobId, payload: PublishPayload) -> None:
        self._payloads[job_id] = payload
        keep = insert(step_payloads).values(job_id=job_id, payload=json.loads(payload))
        await self._connection.execute(
            keep.on_conflict_do_update(
                index_elements=["job_id"], set_={"payload": keep.excluded.payload}
            )
        )

    async def name_organization(self, organization_id: OrganizationId, name: str) -> None:
        named = insert(organizations).values(id=organization_id, name=name)
        await self._connection.execute(
            named.on_conflict_do_update(index_elements=["id"], set_={"name": name})
        )

    async def flush(self) -> set[str]:
        """Write what changed; return the channels of those who wait for it."""
        outgoing: list[Envelope] = []
        for job in self.jobs.changed():
            await self._append(job)
            await job_status.show(self._connection, job, self._cause)
            await job_metrics.count(self._connection, job)
            await end_lease(self._connection, job)
            outgoing += await self._messages(job)
        for followed in self._followed:
            await keep(self._connection, followed)
        await messaging.append(self._connection, outgoing)
        changed = self.jobs.changed()
        return {OUTBOX for _ in outgoing[:1]} | {DISPATCHER for job in changed if _frees(job)}

    async def _append(self, job: WorkflowJob) -> None:
        first = job.version - len(job.recorded) + 1
        rows = []
        for version, event in enumerate(job.recorded, first):
            name, schema_version, data = stored(event)
            rows.append(
                {
                    "stream_id": job.id,
                    "version": version,
                    "type": name,
                    "schema_version": schema_version,
                    "data": data,
                    "metadata": self._cause,
                }
            )
        await self._connection.execute(events.insert(), rows)

    async def _messages(self, job: WorkflowJob) -> list[Envelope]:
        made: list[Envelope] = []
        first = job.version - len(job.recorded) + 1
        for sequence, event in enumerate(job.recorded, first):
            payload = None
            match event:
                case StepStarted(step=Step.PUBLISH):
                    payload = self._payloads.get(job.id) or await self._payload(job.id)
                case JobCompleted() | JobSuperseded() | JobCancelled():
                    # A failed job keeps it for the retry; these never publish it again.
                    await self._connection.execute(
                        delete(step_payloads).where(step_payloads.c.job_id == job.id)
                    )
                case _:
                    pass
            following = envelopes(job, event, sequence, payload)
            if isinstance(event, JobDispatched):
                following = await self._in_its_own_trace(job.id, following)
            made += following
        return made

    async def _in_its_own_trace(self, job_id: JobId, made: list[Envelope]) -> list[Envelope]:
        """Many jobs are handed over at a time, each because of what it was made for."""
        view = job_status_view.c
        origin = select(view.correlation_id, view.traceparent).where(view.job_id == job_id)
        correlation, trace = (await self._connection.execute(origin)).one()
        return [replace(each, correlation_id=correlation, traceparent=trace) for each in made]

    async def _payload(self, job_id: JobId) -> PublishPayload | None:
        kept = select(step_payloads.c.payload).where(step_payloads.c.job_id == job_id)
        payload = await self._connection.scalar(kept)
        return PublishPayload(json.dumps(payload)) if payload is not None else None


@asynccontextmanager
async def begin(
    engine: AsyncEngine, ring: Callable[[str], None]
) -> AsyncIterator[PostgresTransaction]:
    """Commit on leaving, then `ring` for the relay and the dispatcher where they have work."""
    try:
        async with engine.begin() as connection:
            transaction = PostgresTransaction(connection)
            yield transaction
            channels = await transaction.flush()
    except IntegrityError as problem:
        if isinstance(problem.orig, UniqueViolation):
            raise ConcurrentUpdate("Somebody else changed the job at the same time") from problem
        raise
    for channel in channels:
        ring(channel)


def _frees(job: WorkflowJob) -> bool:
    """Whether the dispatcher has something to hand over, or a place to hand it to."""
    return job.waits or not job.is_active
