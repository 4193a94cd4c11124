"""Cadences and pauses where they are kept, and over HTTP."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from crivo_postgres.pool import Pool
from crivo_web.identity import Role
from httpx import Response
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.application.ports import Begin, Cadences
from workflow_queue.bootstrap import Service
from workflow_queue.domain.cadence import Cadence, Mode
from workflow_queue.domain.pull_request import JobId, OrganizationId, RepositoryId
from workflow_queue.infrastructure import postgres
from workflow_queue.infrastructure.postgres_cadences import PostgresCadences
from workflow_queue_support.builders import NOON, ORGANIZATION, REPOSITORY, a_ref
from workflow_queue_support.callers import a_caller
from workflow_queue_support.memory import MemoryStore

OWN = Cadence(mode=Mode.MANUAL, pushes=5, window=timedelta(seconds=77))


class Store:
    def __init__(self, begin: Begin, cadences: Cadences) -> None:
        self.begin = begin
        self.cadences = cadences


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        memory = MemoryStore()
        return Store(memory.begin, memory.cadences)
    engine = cast("AsyncEngine", request.getfixturevalue("engine"))
    pool = cast("Pool", request.getfixturevalue("pool"))
    return Store(lambda: postgres.begin(pool, lambda _: None), PostgresCadences(engine))


async def test_a_cadence_is_of_one_repository_of_one_organization(store: Store) -> None:
    assert await store.cadences.get(ORGANIZATION, REPOSITORY) is None
    await store.cadences.put(ORGANIZATION, REPOSITORY, Cadence(mode=Mode.AUTOMATIC))
    await store.cadences.put(ORGANIZATION, REPOSITORY, OWN)
    assert await store.cadences.get(ORGANIZATION, REPOSITORY) == OWN
    assert await store.cadences.get(ORGANIZATION, RepositoryId(uuid4())) is None
    assert await store.cadences.get(OrganizationId(uuid4()), REPOSITORY) is None


async def test_a_pull_request_comes_with_the_cadence_of_its_repository(store: Store) -> None:
    await store.cadences.put(ORGANIZATION, REPOSITORY, OWN)
    async with store.begin() as tx:
        followed = (await tx.hold(a_ref())).followed
        other = (await tx.hold(a_ref(repository_id=RepositoryId(uuid4())))).followed
    assert (followed.cadence, followed.updated_at, other.cadence) == (OWN, None, None)


async def test_a_pause_and_the_pushes_before_it_are_remembered(store: Store) -> None:
    await store.cadences.put(ORGANIZATION, REPOSITORY, OWN)
    cadence = Cadence(pushes=2)
    async with store.begin() as tx:
        followed = (await tx.hold(a_ref())).followed
        followed.hear(updated_at=NOON, head_sha="a", job_id=JobId(uuid4()))
        for minute in (1, 2):
            followed.note_push(at=NOON + timedelta(minutes=minute), cadence=cadence)
    async with store.begin() as tx:
        again = (await tx.hold(a_ref())).followed
        assert (again.paused, again.pushes) == (True, followed.pushes)
        assert len(again.pushes) == 2
        again.resume()
    async with store.begin() as tx:
        resumed = (await tx.hold(a_ref())).followed
    assert (resumed.paused, resumed.pushes, resumed.head_sha) == (False, (), "a")


async def test_a_pull_request_is_paused_before_anything_else_is_heard_of_it(store: Store) -> None:
    async with store.begin() as tx:
        (await tx.hold(a_ref())).followed.pause()
    async with store.begin() as tx:
        followed = (await tx.hold(a_ref())).followed
    assert (followed.paused, followed.updated_at) == (True, None)


async def ask(
    service: Service,
    method: str,
    repository_id: UUID = REPOSITORY,
    *,
    body: Any = None,
    role: Role = "owner",
    organization_id: UUID | None = ORGANIZATION,
) -> Response:
    async with a_caller(service, organization_id=organization_id, role=role) as caller:
        return await caller.request(method, f"/v1/cadences/{repository_id}", json=body)


async def test_without_a_cadence_of_its_own_a_repository_has_the_default(running: Service) -> None:
    answer = await ask(running, "GET", role="member")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "repository_id": str(REPOSITORY),
            "mode": "auto_pause",
            "pushes": 3,
            "window_seconds": 900,
        },
    )


@pytest.mark.parametrize("role", ["owner", "admin"])
async def test_a_cadence_is_set_and_seen_by_its_organization_alone(
    running: Service, role: Role
) -> None:
    answer = await ask(running, "PUT", body={"mode": "manual", "pushes": 7}, role=role)
    assert answer.status_code == 200
    seen = (await ask(running, "GET")).json()
    assert seen == answer.json()
    assert (seen["mode"], seen["pushes"], seen["window_seconds"]) == ("manual", 7, 900)
    stranger = await ask(running, "GET", organization_id=uuid4())
    assert stranger.json()["mode"] == "auto_pause"


@pytest.mark.parametrize("role", ["member", "service"])
async def test_nobody_else_sets_a_cadence(running: Service, role: Role) -> None:
    answer = await ask(running, "PUT", body={"mode": "manual"}, role=role)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await ask(running, "GET")).json()["mode"] == "auto_pause"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mode": "sometimes"},
        {"mode": "auto_pause", "pushes": 0},
        {"mode": "auto_pause", "pushes": 101},
        {"mode": "auto_pause", "window_seconds": 0},
        {"mode": "auto_pause", "window_seconds": 604801},
        {"mode": "auto_pause", "minutes": 5},
        [],
    ],
)
async def test_a_cadence_that_makes_no_sense_is_a_bad_request(running: Service, body: Any) -> None:
    answer = await ask(running, "PUT", body=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
