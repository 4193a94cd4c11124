"""Lists come from a streaming replica that may lag; commands never notice."""

import asyncio
import secrets
import shutil
from collections.abc import Iterator
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from crivo_local.part import Part, free_port
from crivo_local.replica import replica
from crivo_local.servers import postgres, serves
from crivo_testkit.plugin import ROOT
from pydantic import SecretStr
from workflow_queue.application.job_views import JobFilter
from workflow_queue.bootstrap import Service, open_service
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId
from workflow_queue.infrastructure.schema import migrate
from workflow_queue_support.builders import ORGANIZATION, PERMANENT, a_pull_request
from workflow_queue_support.builders import Service as Shorthands
from workflow_queue_support.callers import a_caller, settings

PASSWORD = secrets.token_urlsafe(16)
EVERYTHING = JobFilter()


def url(part: Part, scheme: str = "postgresql+psycopg") -> str:
    return f"{scheme}://postgres:{quote(PASSWORD)}@127.0.0.1:{part.port}/postgres"


@pytest.fixture
def primary_and_replica() -> Iterator[tuple[Part, Part]]:
    """Servers of their own, in the local stack's folder, which PostgreSQL's user can enter."""
    root = ROOT.absolute() / "replicas" / uuid4().hex[:8]
    taken: set[int] = set()
    primary = postgres(root / "primary", free_port(taken), PASSWORD)
    parts = [primary]
    try:
        primary.start()
        primary.wait()
        while not serves(url(primary, "postgresql")):
            continue
        copy = replica(primary, root / "replica", port=free_port(taken), password=PASSWORD)
        parts.append(copy)
        copy.start()
        copy.wait()
        while not serves(url(copy, "postgresql")):
            continue
        yield primary, copy
    finally:
        for part in reversed(parts):
            part.kill()
        shutil.rmtree(root)


async def replay(copy: Part, what: str) -> None:
    async with await psycopg.AsyncConnection.connect(
        url(copy, "postgresql"), autocommit=True
    ) as connection:
        await connection.execute(f"SELECT pg_wal_replay_{what}()".encode())


async def states_on_replica(service: Service) -> list[str]:
    jobs = await service.app.job_views.jobs(ORGANIZATION, EVERYTHING, before=None, limit=10)
    return [job.state for job in jobs]


async def test_commands_go_on_while_the_replica_lags_and_lists_catch_up(
    primary_and_replica: tuple[Part, Part],
) -> None:
    primary, copy = primary_and_replica
    await asyncio.to_thread(migrate, url(primary))
    both = settings(url(primary), "amqp://127.0.0.1:1/").model_copy(
        update={"read_database_url": SecretStr(url(copy))}
    )
    async with open_service(both) as service, asyncio.timeout(60):
        shorthands = Shorthands(service.app)
        while not await migrated(copy):
            continue
        await replay(copy, "pause")

        await shorthands.enqueue(a_pull_request(at=service.app.now()))
        (known,) = await service.app.job_views_at_primary.jobs(
            ORGANIZATION, EVERYTHING, before=None, limit=10
        )
        job_id = JobId(known.id)
        await shorthands.tick()
        await shorthands.failed(job_id, failure=PERMANENT)
        async with a_caller(service, organization_id=ORGANIZATION) as caller:
            answer = await caller.post(f"/v1/jobs/{job_id}/retry")
        assert (answer.status_code, answer.json()["state"]) == (202, State.PENDING)
        assert await states_on_replica(service) == []

        await replay(copy, "resume")
        while await states_on_replica(service) != [State.PENDING]:
            continue


async def migrated(copy: Part) -> bool:
    async with await psycopg.AsyncConnection.connect(url(copy, "postgresql")) as connection:
        found = await connection.execute("SELECT to_regclass('job_status_view') IS NOT NULL")
        row = await found.fetchone()
    return bool(row and row[0])
