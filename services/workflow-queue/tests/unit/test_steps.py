"""What workers, reports, dead letters and the timer do to a job."""

from datetime import timedelta
from uuid import uuid4

import pytest
from workflow_queue.application.name_organization import NameOrganization
from workflow_queue.application.ports import JobNotFound, Verdict
from workflow_queue.application.reject_dispatch import RejectDispatch
from workflow_queue.application.update_job_status import StepFailed
from workflow_queue.domain.job_events import JobFailed, Step
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId
from workflow_queue_support.builders import (
    NOON,
    ORGANIZATION,
    PAYLOAD,
    POLICY,
    TRANSIENT,
    Service,
    a_service,
)
from workflow_queue_support.memory import MemoryStore, NoViews


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def service(store: MemoryStore) -> Service:
    return a_service(store.begin, store.due, NoViews())


@pytest.fixture
async def job_id(store: MemoryStore, service: Service) -> JobId:
    await service.enqueue()
    return next(iter(store.streams))


async def reject(service: Service, job_id: JobId, *, times: int = 1) -> Verdict:
    for _ in range(times):
        verdict = await service.app.reject_dispatch(
            RejectDispatch(message_id=uuid4(), job_id=job_id, reason="ValueError: boom")
        )
    return verdict


async def test_a_review_that_is_published_completes_the_job(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    for verdict in (
        await service.process(job_id),
        await service.reviewed(job_id),
        await service.published(job_id),
    ):
        assert verdict is Verdict.ACCEPTED
    assert store.job(job_id).state is State.COMPLETED
    assert store.payloads[job_id] == PAYLOAD


async def test_two_workers_start_a_job_once(service: Service, job_id: JobId) -> None:
    assert await service.process(job_id) is Verdict.ACCEPTED
    assert await service.process(job_id) is Verdict.REFUSED


async def test_a_repeated_report_changes_nothing(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.process(job_id)
    message_id = uuid4()
    failed = StepFailed(step=Step.ANALYZE, attempt=1, failure=TRANSIENT)
    await service.report(job_id, failed, message_id=message_id)
    before = len(store.streams[job_id])
    again = await service.report(job_id, failed, message_id=message_id)
    assert again is Verdict.DUPLICATE
    assert len(store.streams[job_id]) == before


async def test_a_late_result_is_refused_without_a_fuss(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.process(job_id)
    await service.failed(job_id)
    assert await service.reviewed(job_id, attempt=1) is Verdict.REFUSED
    assert store.job(job_id).state is State.RETRY_SCHEDULED
    assert job_id not in store.payloads


async def test_a_report_about_an_unknown_job_is_a_defect(service: Service) -> None:
    with pytest.raises(JobNotFound):
        await service.reviewed(JobId(uuid4()))


async def test_the_timer_dispatches_a_retry_when_it_is_due(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.process(job_id)
    await service.failed(job_id)
    assert await service.tick() == 0
    service.clock.pass_(POLICY.backoff)
    assert await service.tick() == 1
    assert store.job(job_id).state is State.PENDING
    assert await service.process(job_id) is Verdict.ACCEPTED


async def test_the_timer_finds_a_step_past_its_deadline(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.process(job_id)
    service.clock.pass_(POLICY.analyze_deadline)
    await service.tick()
    assert store.job(job_id).reason == "deadline of analyze passed"


async def test_the_timer_repeats_a_dispatch_that_was_lost(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.tick()
    service.clock.pass_(POLICY.dispatch_deadline)
    await service.tick()
    assert store.job(job_id).dispatches == 2


async def test_a_dispatch_among_the_dead_letters_is_retried_and_then_fails_the_job(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    for _ in range(2):
        await service.tick()
        assert await reject(service, job_id) is Verdict.ACCEPTED
        service.clock.pass_(timedelta(minutes=1))
    await service.tick()
    await reject(service, job_id)
    last = store.last(job_id)
    assert isinstance(last, JobFailed)
    assert (last.step, last.failure.reason) == (Step.DISPATCH, "ValueError: boom")


async def test_a_dead_letter_about_a_job_that_runs_or_never_was_is_only_noted(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.process(job_id)
    assert await reject(service, job_id) is Verdict.REFUSED
    assert await reject(service, JobId(uuid4())) is Verdict.REFUSED
    assert store.job(job_id).state is State.RUNNING


async def test_a_failed_publication_is_retried_without_a_new_analysis(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.process(job_id)
    await service.reviewed(job_id)
    await service.failed(job_id, step=Step.PUBLISH, failure=TRANSIENT)
    service.clock.pass_(POLICY.backoff)
    await service.tick()
    await service.process(job_id)
    job = store.job(job_id)
    assert (job.step, job.attempt) == (Step.PUBLISH, 2)
    assert await service.published(job_id, attempt=2) is Verdict.ACCEPTED


async def test_an_organization_is_known_by_its_name(store: MemoryStore, service: Service) -> None:
    for name in ("Acme", "Acme Ltd"):
        await service.app.name_organization(
            NameOrganization(message_id=uuid4(), organization_id=ORGANIZATION, name=name)
        )
    assert store.organizations == {ORGANIZATION: "Acme Ltd"}
    assert service.clock() == NOON
