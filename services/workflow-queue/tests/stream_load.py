"""`python services/workflow-queue/tests/stream_load.py`: would snapshots of jobs pay?

Times what every command does first, reading a job from its events, for streams of some lengths;
and beside it what a snapshot would cost at least: one row, read and validated.
"""

import asyncio
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from crivo_local.stack import Stack
from crivo_postgres.pool import Pool, open_pool
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import JobEvent, Step
from workflow_queue.domain.pull_request import JobId
from workflow_queue.infrastructure import postgres
from workflow_queue.infrastructure.schema import migrate
from workflow_queue.infrastructure.stored_events import restored, stored
from workflow_queue.infrastructure.tables import events
from workflow_queue_support.builders import NOON, POLICY, TRANSIENT, a_pull_request, a_ref

UNDISTURBED, RETRIED, LONG = 7, 17, 1000
LENGTHS = (UNDISTURBED, RETRIED, 100, LONG)
ROUNDS = 200


def a_job(number: int, length: int) -> WorkflowJob:
    """One that completed undisturbed, or failed and was retried until it had that many events."""
    ref = a_ref(number)
    job = WorkflowJob.create(
        job_id=JobId(uuid4()), pull_request=a_pull_request(ref=ref), trigger="opened", now=NOON
    )
    while len(job.recorded) < length - 5:
        job.start(now=NOON, policy=POLICY)
        job.fail_step(
            step=Step.ANALYZE,
            attempt=job.attempt,
            failure=TRANSIENT,
            jitter=1.0,
            now=NOON,
            policy=POLICY,
        )
        if not job.is_active:
            job.retry(requested_by="ana", now=NOON)
    job.start(now=NOON, policy=POLICY)
    attempt = job.attempt
    job.complete_analysis(attempt=attempt, outcome="complete", findings=3, now=NOON, policy=POLICY)
    job.complete_publication(attempt=1, comments_published=3, now=NOON)
    return job


async def kept(engine: AsyncEngine, job: WorkflowJob) -> None:
    """Its events alone: no message is to be made of them."""
    rows = [
        {
            "stream_id": job.id,
            "version": version,
            "type": name,
            "schema_version": schema_version,
            "data": data,
            "metadata": {},
        }
        for version, event in enumerate(job.recorded, 1)
        for name, schema_version, data in [stored(event)]
    ]
    async with engine.begin() as connection:
        await connection.execute(events.insert(), rows)


async def loaded(pool: Pool, job_id: JobId) -> float:
    async with postgres.begin(pool, lambda _: None) as tx:
        await tx.lease(job_id)  # the transaction has begun
        began = perf_counter()
        await tx.jobs.get(job_id)
        return perf_counter() - began


async def one_row(engine: AsyncEngine, job_id: JobId) -> float:
    first = select(events.c.type, events.c.schema_version, events.c.data).where(
        events.c.stream_id == job_id, events.c.version == 1
    )
    async with engine.connect() as connection:
        await connection.scalar(select(1))
        began = perf_counter()
        restored(*(await connection.execute(first)).one())
        return perf_counter() - began


def rebuilt(history: list[JobEvent]) -> float:
    began = perf_counter()
    WorkflowJob.rebuilt(history)
    return perf_counter() - began


async def measure(url: str) -> list[str]:
    engine = create_async_engine(url, pool_size=1)
    jobs = [a_job(number, length) for number, length in enumerate(LENGTHS, 1)]
    for job in jobs:
        await kept(engine, job)
    times: dict[tuple[JobId, str], list[float]] = {}
    async with open_pool(url, size=1) as pool:
        for _ in range(ROUNDS):  # interleaved, so that what disturbs disturbs all alike
            for job in jobs:
                times.setdefault((job.id, "load"), []).append(await loaded(pool, job.id))
                times.setdefault((job.id, "row"), []).append(await one_row(engine, job.id))
                times.setdefault((job.id, "apply"), []).append(rebuilt(job.recorded))
    await engine.dispose()
    lines = ["| events | load, ms | of it applying events, ms | one row, ms |", "|---|---|---|---|"]
    for job in jobs:
        load, apply, row = (1000 * median(times[job.id, what]) for what in ("load", "apply", "row"))
        lines.append(f"| {len(job.recorded)} | {load:.2f} | {apply:.3f} | {row:.2f} |")
    return lines


def main() -> None:
    stack = Stack(Path(".local"))
    stack.start()
    server, name = stack.urls().postgres, f"stream_load_{uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        url = urlunsplit(urlsplit(server)._replace(scheme="postgresql+psycopg", path=f"/{name}"))
        migrate(url)
        lines = asyncio.run(measure(url))
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
