"""What pull request events do to the jobs of that pull request."""

from datetime import timedelta
from uuid import uuid4

import pytest
from workflow_queue.application.ports import JobNotFound, Verdict
from workflow_queue.application.retry_job import RetryJob
from workflow_queue.domain.job import IllegalTransition
from workflow_queue.domain.job_events import JobCancelled, JobSkipped, JobSuperseded
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId, OrganizationId
from workflow_queue_support.builders import (
    NOON,
    ORGANIZATION,
    PERMANENT,
    Service,
    a_pull_request,
    a_ref,
    a_service,
)
from workflow_queue_support.memory import MemoryStore, NoViews

A, B = "a" * 40, "b" * 40
LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def service(store: MemoryStore) -> Service:
    return a_service(store.begin, store.due, NoViews())


def ids(store: MemoryStore) -> list[JobId]:
    return list(store.streams)


def states(store: MemoryStore) -> list[State]:
    return [job.state for job in store.jobs()]


async def test_an_opened_pull_request_gets_a_job(store: MemoryStore, service: Service) -> None:
    assert await service.enqueue() is Verdict.ACCEPTED
    assert states(store) == [State.RUNNING]


async def test_a_redelivered_message_changes_nothing(store: MemoryStore, service: Service) -> None:
    message_id = uuid4()
    await service.enqueue(message_id=message_id)
    assert await service.enqueue(message_id=message_id) is Verdict.DUPLICATE
    assert len(store.streams) == 1


async def test_a_redelivered_webhook_under_a_new_id_changes_nothing(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue()
    assert await service.enqueue() is Verdict.DUPLICATE
    assert states(store) == [State.RUNNING]


async def test_a_newer_head_supersedes(store: MemoryStore, service: Service) -> None:
    await service.enqueue(a_pull_request(A))
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated")

    older, newer = ids(store)
    assert store.last(older) == JobSuperseded(superseded_by=newer, at=NOON)
    assert store.job(newer).state is State.RUNNING


async def test_what_arrives_late_does_not_supersede_and_stays_visible(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated")
    await service.enqueue(a_pull_request(A, at=NOON))

    newest, late = ids(store)
    assert store.job(newest).state is State.RUNNING
    assert store.last(late) == JobSuperseded(superseded_by=newest, at=NOON)


async def test_an_opening_of_the_same_second_is_the_older_one(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(a_pull_request(B), trigger="updated")
    await service.enqueue(a_pull_request(A), trigger="opened")
    assert states(store) == [State.RUNNING, State.SUPERSEDED]


async def test_a_redelivery_of_a_superseded_head_supersedes_nobody(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(a_pull_request(A), trigger="updated")
    await service.enqueue(a_pull_request(B), trigger="updated")
    await service.enqueue(a_pull_request(A), trigger="updated")
    assert states(store) == [State.SUPERSEDED, State.RUNNING]


async def test_a_draft_is_skipped_until_it_is_ready(store: MemoryStore, service: Service) -> None:
    await service.enqueue(draft=True)
    assert store.last(ids(store)[0]) == JobSkipped(reason="draft", at=NOON)
    await service.enqueue(a_pull_request(at=LATER), trigger="ready_for_review")
    assert states(store) == [State.SKIPPED, State.RUNNING]


async def test_a_draft_with_a_newer_head_stops_the_review_of_the_older(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(a_pull_request(A))
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated", draft=True)
    assert states(store) == [State.SUPERSEDED, State.SKIPPED]


async def test_the_same_head_is_not_reviewed_twice_at_once(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue()
    verdict = await service.enqueue(a_pull_request(at=LATER), trigger="ready_for_review")
    assert verdict is Verdict.DUPLICATE
    assert states(store) == [State.RUNNING]


async def test_closing_cancels(store: MemoryStore, service: Service) -> None:
    await service.enqueue()
    await service.close(at=LATER)
    assert store.last(ids(store)[0]) == JobCancelled(reason="pull_request_closed", at=NOON)


async def test_closing_leaves_other_pull_requests_alone(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue()
    await service.enqueue(a_pull_request(ref=a_ref(8)))
    await service.close(at=LATER, ref=a_ref(8))
    assert states(store) == [State.RUNNING, State.CANCELLED]


async def test_an_opening_that_arrives_after_the_closing_is_not_reviewed(
    store: MemoryStore, service: Service
) -> None:
    await service.close(at=LATER)
    await service.enqueue(a_pull_request(at=NOON))
    assert states(store) == [State.CANCELLED]


async def test_a_closing_that_arrives_after_the_reopening_cancels_nothing(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(a_pull_request(at=LATER), trigger="reopened")
    await service.close(at=NOON)
    assert states(store) == [State.RUNNING]


async def test_reopening_twice_runs_the_cancelled_job_again(
    store: MemoryStore, service: Service
) -> None:
    for minute in (0, 2):
        at = NOON + timedelta(minutes=minute)
        await service.enqueue(a_pull_request(at=at), trigger="reopened")
        await service.close(at=at + timedelta(minutes=1))
    await service.enqueue(a_pull_request(at=NOON + timedelta(minutes=5)), trigger="reopened")
    assert states(store) == [State.PENDING]


async def test_a_push_back_to_a_superseded_head_runs_its_job_again(
    store: MemoryStore, service: Service
) -> None:
    for hour, head in enumerate([A, B, A, B]):
        at = NOON + timedelta(hours=hour)
        await service.enqueue(a_pull_request(head, at=at), trigger="updated")
    assert states(store) == [State.SUPERSEDED, State.PENDING]


async def test_a_push_back_to_a_reviewed_head_stops_the_review_of_the_other(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(a_pull_request(A), trigger="updated")
    (first,) = ids(store)
    await service.tick()
    await service.reviewed(first)
    await service.published(first)
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated")
    back = a_pull_request(A, at=LATER + timedelta(minutes=1))
    await service.enqueue(back, trigger="updated")
    assert states(store) == [State.COMPLETED, State.SUPERSEDED]


async def retry(service: Service, job_id: JobId, *, organization: OrganizationId) -> None:
    await service.app.retry_job(
        RetryJob(organization_id=organization, job_id=job_id, requested_by="ana")
    )


async def a_failed_job(store: MemoryStore, service: Service) -> JobId:
    await service.enqueue()
    (job_id,) = ids(store)
    await service.tick()
    await service.failed(job_id, failure=PERMANENT)
    return job_id


async def test_a_failed_job_is_retried_by_hand(store: MemoryStore, service: Service) -> None:
    job_id = await a_failed_job(store, service)
    await retry(service, job_id, organization=ORGANIZATION)
    await service.tick()
    assert await service.reviewed(job_id, attempt=2) is Verdict.ACCEPTED


async def test_a_job_of_another_organization_cannot_be_retried(
    store: MemoryStore, service: Service
) -> None:
    job_id = await a_failed_job(store, service)
    with pytest.raises(JobNotFound):
        await retry(service, job_id, organization=OrganizationId(uuid4()))
    assert states(store) == [State.FAILED]


async def test_a_failed_job_of_an_older_head_is_not_retried(
    store: MemoryStore, service: Service
) -> None:
    job_id = await a_failed_job(store, service)
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated")
    with pytest.raises(IllegalTransition, match="newer head"):
        await retry(service, job_id, organization=ORGANIZATION)


async def test_a_failed_job_is_not_retried_beside_another_of_its_head(
    store: MemoryStore, service: Service
) -> None:
    job_id = await a_failed_job(store, service)
    await service.enqueue(a_pull_request(at=LATER), trigger="reopened")
    with pytest.raises(IllegalTransition, match="already"):
        await retry(service, job_id, organization=ORGANIZATION)


async def test_a_failed_job_of_a_closed_pull_request_is_not_retried(
    store: MemoryStore, service: Service
) -> None:
    job_id = await a_failed_job(store, service)
    await service.close(at=LATER)
    with pytest.raises(IllegalTransition, match="closed"):
        await retry(service, job_id, organization=ORGANIZATION)
