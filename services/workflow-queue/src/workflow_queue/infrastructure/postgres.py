"""Jobs, their events and their messages, in one PostgreSQL transaction.

Nothing here outlives a transaction, so that a pooler in transaction mode may sit in between.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from crivo_messaging import postgres as messaging
from crivo_messaging.envelope import Envelope
from crivo_messaging.postgres_outbox import CHANNEL as OUTBOX
from crivo_observability.context import causation_id, correlation_id
from crivo_observability.traces import traceparent
from crivo_postgres.pool import Pool, Row
from psycopg.errors import UniqueViolation

from workflow_queue.application.ports import (
    AlreadyHandled,
    ConcurrentUpdate,
    Held,
    JobNotFound,
    PublishPayload,
)
from workflow_queue.domain.fair_share import InFlight, Waiting
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import (
    JobCancelled,
    JobCompleted,
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
from workflow_queue.infrastructure import followed, job_metrics, job_status, stored_events
from workflow_queue.infrastructure.leases import end_lease, lease_of
from workflow_queue.infrastructure.published import envelopes
from workflow_queue.infrastructure.statements import Statements, transaction
from workflow_queue.infrastructure.waiting_jobs import in_flight_if_free, waiting_jobs

DISPATCHER = "dispatcher"

_HISTORY = """
SELECT stream_id, version, type, schema_version, data, metadata FROM events
WHERE stream_id = ANY(%(job_ids)s) ORDER BY stream_id, version
"""
_WHOLE_HISTORY = """
SELECT stream_id, version, type, schema_version, data, metadata FROM events
WHERE stream_id = %(job_id)s
UNION ALL
SELECT stream_id, version, type, schema_version, data, metadata FROM archived_events
WHERE stream_id = %(job_id)s ORDER BY version
"""
# With the histories of jobs that are not archived; of the others, one row that has none.
_OF_PULL_REQUEST = """
SELECT job_id, events.version, type, schema_version, data, metadata
FROM job_status_view LEFT JOIN events ON stream_id = job_id
WHERE organization_id = %(organization_id)s AND repository_id = %(repository_id)s
  AND pull_request_number = %(number)s
  AND (state = ANY(%(states)s) OR head_sha = %(head_sha)s AND trigger = %(trigger)s)
ORDER BY job_id, events.version
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))"
# All that a change of a job writes, whatever it was, in one round trip.
_WRITE = f"""
WITH stored AS ({stored_events.APPEND}), told AS ({messaging.OUTBOX_APPEND})
{job_status.SHOW}
"""
_NAME_ORGANIZATION = """
INSERT INTO organizations (id, name) VALUES (%(id)s, %(name)s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name
"""
_KEEP_PAYLOAD = """
INSERT INTO step_payloads (job_id, payload) VALUES (%(job_id)s, %(payload)s::json)
ON CONFLICT (job_id) DO UPDATE SET payload = excluded.payload
"""
_PAYLOAD = "SELECT payload::text FROM step_payloads WHERE job_id = %(job_id)s"
_FORGET_PAYLOAD = "DELETE FROM step_payloads WHERE job_id = %(job_id)s"


class PostgresJobs:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._seen: dict[JobId, WorkflowJob] = {}
        self._origins: dict[JobId, Mapping[str, str | None]] = {}

    def add(self, job: WorkflowJob) -> None:
        self._seen[job.id] = job

    async def get(self, job_id: JobId) -> WorkflowJob:
        (job,) = await self.get_many([job_id])
        return job

    async def get_many(self, job_ids: Sequence[JobId]) -> Sequence[WorkflowJob]:
        if unseen := [job_id for job_id in job_ids if job_id not in self._seen]:
            (rows,) = await self._statements.ask((_HISTORY, {"job_ids": unseen}))
            await self.see(rows)
        for job_id in job_ids:
            if job_id not in self._seen:
                await self._see(job_id, [])
        return [self._seen[job_id] for job_id in job_ids]

    async def see(self, rows: Sequence[Row]) -> list[WorkflowJob]:
        """The jobs of these histories."""
        histories = [(JobId(id_), list(rows)) for id_, rows in groupby(rows, key=itemgetter(0))]
        for job_id, history in histories:
            if job_id not in self._seen:
                await self._see(job_id, history)
        return [self._seen[job_id] for job_id, _ in histories]

    async def _see(self, job_id: JobId, history: Sequence[Row]) -> None:
        if not history or history[0][1] != 1:
            (history,) = await self._statements.ask((_WHOLE_HISTORY, {"job_id": job_id}))
        if not history:
            raise JobNotFound(f"There is no job {job_id}")
        *_, self._origins[job_id] = history[0]
        self._seen[job_id] = WorkflowJob.rebuilt(
            stored_events.restored(name, schema_version, data)
            for _, _, name, schema_version, data, _ in history
        )

    def origin(self, job_id: JobId) -> Mapping[str, str | None]:
        """The request that a job came from; empty for one that is being made by it."""
        return self._origins.get(job_id, {})

    def changed(self) -> list[WorkflowJob]:
        """Stopped ones first: one job of a pull request ends before another begins."""
        changed = [job for job in self._seen.values() if job.recorded]
        return sorted(changed, key=lambda job: job.is_active)


class PostgresTransaction:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._followed: list[FollowedPullRequest] = []
        self._payloads: dict[JobId, PublishPayload] = {}
        self._cause = {
            "correlation_id": correlation_id(),
            "causation_id": causation_id(),
            "traceparent": traceparent(),
        }
        self.jobs = PostgresJobs(statements)

    def claim(self, message_id: UUID, *, consumer: str) -> None:
        self._statements.require(
            messaging.INBOX_CLAIM,
            {"message_id": message_id, "consumer": consumer},
            otherwise=AlreadyHandled(message_id),
        )

    async def hold(self, ref: PullRequestRef, *, key: IdempotencyKey | None = None) -> Held:
        of = followed.key_of(ref)
        wanted = {
            "states": sorted(ACTIVE),
            "head_sha": key.head_sha if key else None,
            "trigger": key.trigger if key else None,
        }
        # Statements of their own: only after the first do they see what the last holder committed.
        _, (known,), histories = await self._statements.ask(
            (_LOCK, {"name": f"{ref.organization_id}:{ref.repository_id}:{ref.number}"}),
            (followed.READ, of),
            (_OF_PULL_REQUEST, of | wanted),
        )
        self._followed.append(followed.followed_pull_request(ref, known))
        jobs = await self.jobs.see(histories)
        return Held(
            followed=self._followed[-1],
            active=[job for job in jobs if job.is_active],
            known=next((job for job in jobs if job.key == key), None),
        )

    async def waiting(self, *, now: datetime, most: int) -> Waiting:
        return await waiting_jobs(self._statements, now=now, most=most)

    async def in_flight_if_free(self, job: WorkflowJob, *, now: datetime) -> InFlight | None:
        return await in_flight_if_free(self._statements, job, now=now)

    async def lease(self, job_id: JobId) -> Lease | None:
        return await lease_of(self._statements, job_id)

    def keep_payload(self, job_id: JobId, payload: PublishPayload) -> None:
        self._payloads[job_id] = payload
        self._statements.add(_KEEP_PAYLOAD, {"job_id": job_id, "payload": payload})

    def name_organization(self, organization_id: OrganizationId, name: str) -> None:
        self._statements.add(_NAME_ORGANIZATION, {"id": organization_id, "name": name})

    async def flush(self) -> set[str]:
        """Write what changed; return the channels of those who wait for it."""
        changed = self.jobs.changed()
        channels = {DISPATCHER for job in changed if _frees(job)}
        for job in changed:
            outgoing = await self._messages(job)
            if outgoing:
                channels.add(OUTBOX)
            self._statements.add(
                _WRITE,
                stored_events.appended(job, self._cause)
                | messaging.outbox_arrays(outgoing)
                | job_status.shown(job, self._cause),
            )
            job_metrics.count(self._statements, job)
            end_lease(self._statements, job)
        for each in self._followed:
            followed.keep(self._statements, each)
        return channels

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
                    self._statements.add(_FORGET_PAYLOAD, {"job_id": job.id})
                case _:
                    pass
            made += envelopes(job, event, sequence, payload)
        # One that was started for its own sake: the dispatcher does so with many at a time.
        if isinstance(job.recorded[0], StepStarted):
            return self._in_its_own_trace(job.id, made)
        return made

    def _in_its_own_trace(self, job_id: JobId, made: list[Envelope]) -> list[Envelope]:
        """Of the request that the job was made for."""
        origin = self.jobs.origin(job_id)
        return [
            replace(
                each,
                correlation_id=origin.get("correlation_id") or each.correlation_id,
                traceparent=origin.get("traceparent") or each.traceparent,
            )
            for each in made
        ]

    async def _payload(self, job_id: JobId) -> PublishPayload | None:
        (kept,) = await self._statements.ask((_PAYLOAD, {"job_id": job_id}))
        return PublishPayload(kept[0][0]) if kept else None


@asynccontextmanager
async def begin(pool: Pool, notify: Callable[[str], None]) -> AsyncIterator[PostgresTransaction]:
    """Commit on leaving, then `notify` for the relay and the dispatcher where they have work."""
    try:
        async with transaction(pool) as statements:
            jobs = PostgresTransaction(statements)
            yield jobs
            channels = await jobs.flush()
    except UniqueViolation as problem:
        raise ConcurrentUpdate("Somebody else changed the job at the same time") from problem
    for channel in channels:
        notify(channel)


def _frees(job: WorkflowJob) -> bool:
    """Whether the dispatcher has something to hand over, or a place to hand it to."""
    return job.waits or not job.is_active
