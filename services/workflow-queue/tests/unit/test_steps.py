"""What workers, reports, dead letters and the timer do to a job."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from workflow_queue.application.name_organization import NameOrganization
from workflow_queue.application.ports import JobNotFound, Verdict
from workflow_queue.application.update_job_status import StepFailed
from workflow_queue.domain.job_events import JobDispatched, JobFailed, Step, StepStarted
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId
from workflow_queue_support.builders import (
    NOON,
    ORGANIZATION,
    PAYLOAD,
    POLICY,
    TRANSIENT,
    Service,
    a_pull_request,
    a_ref,
    a_service,
)
from workflow_queue_support.memory import MemoryStore, MemoryTransaction, NoViews


class Refused(Exception):
    pass


@dataclass
class StubbornStore(MemoryStore):
    """Has jobs whose start it never takes."""

    refused: set[JobId] = field(default_factory=set)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with super().begin() as tx:
            yield tx
            for job in tx.jobs.seen.values():
                if job.id in self.refused and isinstance(job.recorded[-1], StepStarted):
                    raise Refused("boom")


@pytest.fixture
def store() -> StubbornStore:
    return StubbornStore()


@pytest.fixture
def service(store: MemoryStore) -> Service:
    return a_service(store.begin, store.due, NoViews())


@pytest.fixture
async def job_id(store: MemoryStore, service: Service) -> JobId:
    await service.enqueue()
    return next(iter(store.streams))


async def test_a_review_that_is_published_completes_the_job(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    for verdict in (
        await service.reviewed(job_id),
        await service.published(job_id),
    ):
        assert verdict is Verdict.ACCEPTED
    assert store.job(job_id).state is State.COMPLETED
    assert store.payloads[job_id] == PAYLOAD


async def test_a_job_that_runs_is_not_started_by_the_message_of_a_former_release(
    service: Service, job_id: JobId
) -> None:
    assert await service.take(job_id) is Verdict.REFUSED


async def test_the_message_of_a_former_release_starts_the_job_it_handed_over(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    created = store.streams[job_id][0]
    dispatched = JobDispatched(step=Step.ANALYZE, dispatch=1, deadline_at=NOON, at=NOON)
    store.streams[job_id] = [created, dispatched]
    message_id = uuid4()
    assert await service.take(job_id, message_id=message_id) is Verdict.ACCEPTED
    assert await service.take(job_id, message_id=message_id) is Verdict.DUPLICATE
    assert store.job(job_id).state is State.RUNNING


async def test_a_repeated_report_changes_nothing(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.tick()
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
    await service.tick()
    await service.failed(job_id)
    assert await service.reviewed(job_id, attempt=1) is Verdict.REFUSED
    assert store.job(job_id).state is State.RETRY_SCHEDULED
    assert job_id not in store.payloads


async def test_a_report_about_an_unknown_job_is_a_defect(service: Service) -> None:
    with pytest.raises(JobNotFound):
        await service.reviewed(JobId(uuid4()))


async def test_a_retry_is_started_when_it_is_due(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.failed(job_id)
    assert await service.tick() == 0
    service.clock.pass_(POLICY.backoff)
    assert await service.tick() == 1
    assert store.job(job_id).attempt == 2


async def test_the_timer_finds_a_step_past_its_deadline(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.tick()
    service.clock.pass_(POLICY.analyze_deadline)
    await service.tick()
    assert store.job(job_id).reason == "deadline of analyze passed"


async def test_what_cannot_be_started_fails_visibly_and_holds_nobody_up(
    store: StubbornStore, service: Service, job_id: JobId
) -> None:
    await service.failed(job_id)
    await service.enqueue(a_pull_request(ref=a_ref(8)))
    other = list(store.streams)[1]
    await service.failed(other)
    service.clock.pass_(POLICY.backoff)
    store.refused.add(job_id)
    with pytest.raises(Refused):
        await service.app.dispatch_waiting()
    assert [await service.app.dispatch_next() for _ in range(3)] == [1, 1, 0]
    last = store.last(job_id)
    assert isinstance(last, JobFailed)
    assert (last.step, last.failure.reason) == (Step.DISPATCH, "Refused: boom")
    assert store.job(other).attempt == 2


async def test_a_failed_publication_is_retried_without_a_new_analysis(
    store: MemoryStore, service: Service, job_id: JobId
) -> None:
    await service.tick()
    await service.reviewed(job_id)
    await service.failed(job_id, step=Step.PUBLISH, failure=TRANSIENT)
    service.clock.pass_(POLICY.backoff)
    await service.tick()
    await service.tick()
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
