"""What the fake promises, PostgreSQL keeps: one suite over both."""

import asyncio
from datetime import timedelta
from typing import cast
from uuid import UUID, uuid4

import pytest
from crivo_postgres.pool import Pool
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.application.ports import (
    AlreadyHandled,
    Begin,
    ConcurrentUpdate,
    DueJobs,
    JobNotFound,
)
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import IdempotencyKey, JobId, PullRequest
from workflow_queue.infrastructure import postgres
from workflow_queue.infrastructure.postgres_views import PostgresJobViews
from workflow_queue_support.builders import (
    NOON,
    ORGANIZATION,
    PAYLOAD,
    PERMANENT,
    POLICY,
    TRANSIENT,
    a_pull_request,
    a_ref,
)
from workflow_queue_support.memory import MemoryStore


class Store:
    def __init__(self, begin: Begin, due: DueJobs) -> None:
        self.begin = begin
        self.due = due


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        memory = MemoryStore()
        return Store(memory.begin, memory.due)
    engine = cast("AsyncEngine", request.getfixturevalue("engine"))
    pool = cast("Pool", request.getfixturevalue("pool"))
    return Store(lambda: postgres.begin(pool, lambda _: None), PostgresJobViews(engine).due)


def a_job(pull_request: PullRequest | None = None, trigger: str = "opened") -> WorkflowJob:
    return WorkflowJob.create(
        job_id=JobId(uuid4()),
        pull_request=pull_request or a_pull_request(),
        trigger=trigger,
        now=NOON,
    )


async def given(store: Store, *jobs: WorkflowJob) -> WorkflowJob:
    async with store.begin() as tx:
        for job in jobs:
            tx.jobs.add(job)
    return jobs[0]


async def test_a_job_is_read_as_it_was_written(store: Store) -> None:
    job = a_job()
    job.start(now=NOON, policy=POLICY)
    job.fail_step(step=job.step, attempt=1, failure=TRANSIENT, jitter=0.5, now=NOON, policy=POLICY)
    await given(store, job)

    async with store.begin() as tx:
        read = await tx.jobs.get(job.id)
    for name in WorkflowJob.__slots__:
        if name != "recorded":
            assert getattr(read, name) == getattr(job, name), name
    assert read.recorded == []


async def test_changes_are_kept_without_being_asked_for(store: Store) -> None:
    job = await given(store, a_job())
    async with store.begin() as tx:
        (await tx.jobs.get(job.id)).start(now=NOON, policy=POLICY)
    async with store.begin() as tx:
        assert (await tx.jobs.get(job.id)).state is State.RUNNING


async def test_many_jobs_are_read_together_in_the_order_they_are_asked_for(store: Store) -> None:
    jobs = [a_job(a_pull_request(ref=a_ref(number))) for number in (1, 2, 3)]
    await given(store, *jobs)
    wanted = [jobs[2].id, jobs[0].id, jobs[2].id]
    async with store.begin() as tx:
        read = await tx.jobs.get_many(wanted)
        assert [job.id for job in read] == wanted
        assert read[0] is read[2] is await tx.jobs.get(jobs[2].id)
        assert await tx.jobs.get_many([]) == []
        with pytest.raises(JobNotFound):
            await tx.jobs.get_many([jobs[1].id, JobId(uuid4())])


async def test_only_one_transaction_at_a_time_hands_out_jobs(store: Store) -> None:
    entered: list[str] = []

    async def second(open_: asyncio.Event) -> None:
        async with store.begin() as tx:
            open_.set()
            await tx.waiting(now=NOON, most=1)
            entered.append("second")

    await given(store, a_job())
    opened = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks, store.begin() as tx:
        await tx.waiting(now=NOON, most=1)
        tasks.create_task(second(opened))
        await opened.wait()
        for _ in range(10):  # as long as it takes somebody who is not kept waiting, and longer
            async with store.begin() as other:
                await other.hold(a_ref(8))
        entered.append("first")
    assert entered == ["first", "second"]


async def test_only_one_transaction_at_a_time_starts_a_job_at_once(store: Store) -> None:
    newcomer = a_job(a_pull_request(ref=a_ref(8)))
    async with store.begin() as tx:
        assert await tx.in_flight_if_free(newcomer, now=NOON) is not None
        assert await tx.in_flight_if_free(newcomer, now=NOON) is not None
        async with store.begin() as other:
            assert await other.in_flight_if_free(newcomer, now=NOON) is None
    async with store.begin() as tx:
        assert await tx.in_flight_if_free(newcomer, now=NOON) is not None


async def test_a_job_starts_at_once_when_nobody_waits(store: Store) -> None:
    newcomer = a_job(a_pull_request(ref=a_ref(8)))
    waits = await given(store, a_job())
    async with store.begin() as tx:
        assert await tx.in_flight_if_free(newcomer, now=NOON) is None
    async with store.begin() as tx:
        (await tx.jobs.get(waits.id)).start(now=NOON, policy=POLICY)
    async with store.begin() as tx:
        assert await tx.in_flight_if_free(newcomer, now=NOON) is not None


async def test_a_job_that_is_none_is_not_found(store: Store) -> None:
    async with store.begin() as tx:
        with pytest.raises(JobNotFound):
            await tx.jobs.get(JobId(uuid4()))


async def claimed(store: Store, message_id: UUID, consumer: str) -> bool:
    """Whether the message was new to the consumer; the name of an organization goes with it."""
    try:
        async with store.begin() as tx:
            tx.claim(message_id, consumer=consumer)
            tx.name_organization(ORGANIZATION, consumer)
    except AlreadyHandled:
        return False
    return True


async def test_a_message_is_handled_once_by_each_consumer(store: Store) -> None:
    message_id = uuid4()
    assert await claimed(store, message_id, "a")
    assert not await claimed(store, message_id, "a")
    assert await claimed(store, message_id, "b")
    assert await claimed(store, uuid4(), "a")


async def test_nothing_is_told_to_who_had_the_message_before(store: Store) -> None:
    message_id = uuid4()
    await claimed(store, message_id, "a")

    async def ask() -> None:
        async with store.begin() as tx:
            tx.claim(message_id, consumer="a")
            await tx.jobs.get(JobId(uuid4()))

    with pytest.raises(AlreadyHandled):
        await ask()


async def test_an_error_undoes_everything(store: Store) -> None:
    message_id, job = uuid4(), a_job()

    async def fail() -> None:
        async with store.begin() as tx:
            tx.claim(message_id, consumer="a")
            tx.jobs.add(job)
            (await tx.hold(a_ref())).followed.close(updated_at=NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await claimed(store, message_id, "a")
    async with store.begin() as tx:
        assert not (await tx.hold(a_ref())).followed.closed
        with pytest.raises(JobNotFound):
            await tx.jobs.get(job.id)


async def test_of_two_writers_who_read_the_same_version_one_fails(store: Store) -> None:
    job = await given(store, a_job())

    async def lose() -> None:
        async with store.begin() as first:
            mine = await first.jobs.get(job.id)
            async with store.begin() as second:
                (await second.jobs.get(job.id)).start(now=NOON, policy=POLICY)
            mine.cancel(reason="too late", now=NOON)

    with pytest.raises(ConcurrentUpdate):
        await lose()
    async with store.begin() as tx:
        assert (await tx.jobs.get(job.id)).state is State.RUNNING


async def test_the_same_request_twice_conflicts(store: Store) -> None:
    await given(store, a_job())
    with pytest.raises(ConcurrentUpdate):
        await given(store, a_job())


async def test_a_job_is_known_by_its_idempotency_key(store: Store) -> None:
    job = a_job()
    job.cancel(reason="pull_request_closed", now=NOON)
    await given(store, job)
    other = IdempotencyKey(ref=a_ref(), head_sha="a" * 40, trigger="reopened")
    async with store.begin() as tx:
        known = (await tx.hold(a_ref(), key=job.key)).known
        assert known is not None
        assert known is await tx.jobs.get(job.id)
        assert known.version == 2
    async with store.begin() as tx:
        assert (await tx.hold(a_ref(), key=other)).known is None
    async with store.begin() as tx:
        assert (await tx.hold(a_ref())).known is None


async def test_active_jobs_are_those_of_one_pull_request_that_have_not_ended(
    store: Store,
) -> None:
    ended = a_job()
    ended.cancel(reason="pull_request_closed", now=NOON)
    running, elsewhere = a_job(trigger="reopened"), a_job(a_pull_request(ref=a_ref(8)))
    await given(store, ended, running, elsewhere)
    async with store.begin() as tx:
        held = await tx.hold(a_ref(), key=ended.key)
        assert [job.id for job in held.active] == [running.id]
        assert held.known is not None


async def test_one_job_ends_and_another_begins_in_one_transaction(store: Store) -> None:
    stopped = a_job()
    stopped.cancel(reason="pull_request_closed", now=NOON)
    active = a_job(a_pull_request("b" * 40), trigger="updated")
    await given(store, stopped, active)
    async with store.begin() as tx:
        (await tx.jobs.get(stopped.id)).reopen(now=NOON)
        (await tx.jobs.get(active.id)).supersede(by=stopped.id, now=NOON)
    async with store.begin() as tx:
        assert [job.id for job in (await tx.hold(a_ref())).active] == [stopped.id]


async def test_what_was_heard_of_a_pull_request_is_remembered(store: Store) -> None:
    job_id = JobId(uuid4())
    async with store.begin() as tx:
        followed = (await tx.hold(a_ref())).followed
        assert followed.updated_at is None
        followed.hear(updated_at=NOON, head_sha="a", job_id=job_id)
    async with store.begin() as tx:
        again = (await tx.hold(a_ref())).followed
    assert (again.updated_at, again.head_sha, again.closed, again.job_id) == (
        NOON,
        "a",
        False,
        job_id,
    )


async def test_a_pull_request_is_held_by_one_at_a_time(store: Store) -> None:
    entered: list[str] = []

    async def second(open_: asyncio.Event) -> None:
        async with store.begin() as tx:
            open_.set()
            await tx.hold(a_ref())
            entered.append("second")

    opened = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks, store.begin() as tx:
        await tx.hold(a_ref())
        tasks.create_task(second(opened))
        await opened.wait()
        async with store.begin() as other:
            await other.hold(a_ref(8))
        entered.append("first")
    assert entered == ["first", "second"]


def a_started_job(pull_request: PullRequest | None = None) -> WorkflowJob:
    job = a_job(pull_request)
    job.start(now=NOON, policy=POLICY)
    return job


async def test_a_job_is_due_when_its_time_has_come(store: Store) -> None:
    job = await given(store, a_started_job())
    assert job.due_at is not None
    early = job.due_at - timedelta(seconds=1)
    assert await store.due(now=early, limit=5) == []
    assert [due.id for due in await store.due(now=job.due_at, limit=5)] == [job.id]


async def test_a_job_that_ended_is_never_due(store: Store) -> None:
    job = a_job()
    job.start(now=NOON, policy=POLICY)
    job.fail_step(step=job.step, attempt=1, failure=PERMANENT, jitter=1.0, now=NOON, policy=POLICY)
    await given(store, job)
    assert await store.due(now=NOON + timedelta(days=999), limit=5) == []


async def test_no_more_jobs_are_due_than_asked_for(store: Store) -> None:
    await given(store, *(a_started_job(a_pull_request(ref=a_ref(n))) for n in range(1, 4)))
    assert len(await store.due(now=NOON + timedelta(days=1), limit=2)) == 2


async def test_a_kept_payload_is_there_when_its_step_begins(store: Store) -> None:
    job = a_job()
    job.start(now=NOON, policy=POLICY)
    await given(store, job)
    async with store.begin() as tx:
        analyzed = await tx.jobs.get(job.id)
        analyzed.complete_analysis(
            attempt=1, outcome="complete", findings=0, now=NOON, policy=POLICY
        )
        tx.keep_payload(job.id, PAYLOAD)
    async with store.begin() as tx:
        assert (await tx.jobs.get(job.id)).state is State.RUNNING
