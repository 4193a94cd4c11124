"""A worker that sends no heartbeat loses its job at once, and what it says late is refused."""

from datetime import timedelta

import pytest
from workflow_queue.application.ports import Verdict
from workflow_queue.domain.failure import ErrorClass
from workflow_queue.domain.job_events import JobEvent, LeaseLost, Step, StepStarted
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId
from workflow_queue_support.builders import POLICY, Service, a_service
from workflow_queue_support.memory import MemoryStore, NoViews

SECOND = timedelta(seconds=1)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def service(store: MemoryStore) -> Service:
    return a_service(store.begin, store.due, NoViews(), leases=store)


async def started(service: Service, store: MemoryStore) -> JobId:
    """A job whose analysis a worker has begun."""
    await service.enqueue()
    (job_id,) = store.streams
    await service.tick()
    return job_id


async def taken_again(service: Service) -> None:
    """The worker falls silent, and the next one is asked."""
    service.clock.pass_(POLICY.lease)
    await service.tick()


def since_the_start(store: MemoryStore, job_id: JobId) -> list[JobEvent]:
    return store.streams[job_id][2:]


async def test_a_silent_worker_loses_its_job_which_goes_back_at_once(
    service: Service, store: MemoryStore
) -> None:
    job_id = await started(service, store)
    await service.heartbeat(job_id)
    service.clock.pass_(POLICY.lease - SECOND)
    assert await service.tick() == 0
    service.clock.pass_(SECOND)
    await service.tick()
    lost, started_again = since_the_start(store, job_id)
    assert isinstance(lost, LeaseLost)
    assert isinstance(started_again, StepStarted)
    assert lost.at == started_again.at, "no backoff"
    job = store.job(job_id)
    assert job.reason == "the worker of analyze sent no heartbeat"
    assert job.failure is not None
    assert job.failure.error_class is ErrorClass.TRANSIENT


async def test_a_worker_that_gives_signs_of_life_keeps_its_job(
    service: Service, store: MemoryStore
) -> None:
    job_id = await started(service, store)
    for _ in range(20):
        assert await service.heartbeat(job_id) is Verdict.ACCEPTED
        service.clock.pass_(POLICY.lease - SECOND)
        await service.tick()
    assert since_the_start(store, job_id) == []


async def test_signs_of_life_move_no_deadline(service: Service, store: MemoryStore) -> None:
    job_id = await started(service, store)
    service.clock.pass_(POLICY.analyze_deadline)
    await service.heartbeat(job_id)
    await service.tick()
    assert store.job(job_id).state is State.RETRY_SCHEDULED


async def test_a_worker_that_never_gave_a_sign_of_life_has_its_deadline(
    service: Service, store: MemoryStore
) -> None:
    job_id = await started(service, store)
    service.clock.pass_(POLICY.analyze_deadline - SECOND)
    assert await service.tick() == 0
    assert store.job(job_id).state is State.RUNNING


async def test_the_late_result_of_a_lost_worker_is_refused(
    service: Service, store: MemoryStore
) -> None:
    job_id = await started(service, store)
    await service.heartbeat(job_id)
    await taken_again(service)
    assert await service.reviewed(job_id, attempt=1) is Verdict.REFUSED
    assert await service.failed(job_id, attempt=1) is Verdict.REFUSED
    assert await service.reviewed(job_id, attempt=2) is Verdict.ACCEPTED


@pytest.mark.parametrize("attempt", [1, 3])
async def test_only_the_current_attempt_has_a_lease(
    service: Service, store: MemoryStore, attempt: int
) -> None:
    job_id = await started(service, store)
    await service.heartbeat(job_id)
    await taken_again(service)
    assert await service.heartbeat(job_id, attempt=attempt) is Verdict.REFUSED
    assert await service.heartbeat(job_id, step=Step.PUBLISH, attempt=2) is Verdict.REFUSED
    assert store.leases == {}


async def test_a_lease_ends_with_its_step(service: Service, store: MemoryStore) -> None:
    job_id = await started(service, store)
    await service.heartbeat(job_id)
    await service.reviewed(job_id)
    assert store.leases == {}
    assert await service.heartbeat(job_id) is Verdict.REFUSED
    await service.heartbeat(job_id, step=Step.PUBLISH)
    await service.published(job_id)
    assert store.leases == {}


@pytest.mark.parametrize("step", [Step.ANALYZE, Step.PUBLISH])
async def test_the_third_lost_worker_fails_the_job_with_its_reason(
    service: Service, store: MemoryStore, step: Step
) -> None:
    job_id = await started(service, store)
    if step is Step.PUBLISH:
        await service.reviewed(job_id)
    for attempt in range(1, POLICY.max_attempts + 1):
        await service.heartbeat(job_id, step=step, attempt=attempt)
        await taken_again(service)
    job = store.job(job_id)
    assert job.state is State.FAILED
    assert job.reason == f"the worker of {step} sent no heartbeat, at the last of 3 tries"


async def test_while_nobody_can_be_heard_nobody_is_given_up(
    service: Service, store: MemoryStore
) -> None:
    job_id = await started(service, store)
    await service.heartbeat(job_id)
    for _ in range(10):
        service.clock.pass_(POLICY.lease - SECOND)
        await service.app.prolong_leases()
        assert await service.tick() == 0
    service.clock.pass_(POLICY.lease)
    await service.tick()
    assert store.job(job_id).attempt == 2
