"""What `@crivo review` does, whatever else happens to the pull request meanwhile."""

from datetime import timedelta
from uuid import uuid4

import pytest
from workflow_queue.application.command_review import Wish
from workflow_queue.application.ports import Verdict
from workflow_queue.domain.fair_share import Limits
from workflow_queue.domain.job_events import JobCreated, JobSuperseded, Priority
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId
from workflow_queue_support.builders import (
    NOON,
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


async def completed(store: MemoryStore, service: Service) -> JobId:
    await service.enqueue()
    (job_id,) = ids(store)
    await service.tick()
    await service.reviewed(job_id)
    await service.published(job_id)
    return job_id


async def test_what_was_paused_is_reviewed_first_and_the_next_push_as_well(
    store: MemoryStore, service: Service
) -> None:
    await service.command(Wish.PAUSE)
    await service.enqueue()
    await service.command(Wish.REVIEW)
    commanded = ids(store)[1]
    assert states(store) == [State.SKIPPED, State.RUNNING]
    assert store.job(commanded).priority is Priority.COMMAND
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated")
    assert states(store) == [State.SKIPPED, State.SUPERSEDED, State.RUNNING]


async def test_a_command_goes_before_what_nobody_asked_for(store: MemoryStore) -> None:
    service = a_service(store.begin, store.due, NoViews(), limits=Limits(window=1))
    for number in (1, 2):
        await service.enqueue(a_pull_request(ref=a_ref(number)))
    await service.command(Wish.REVIEW, a_pull_request(ref=a_ref(3)))
    async with store.begin() as tx:
        (line,) = (await tx.waiting(now=NOON, most=5)).lines
    assert [each.id for each in line.waiting] == [ids(store)[2], ids(store)[1]]


async def test_a_review_that_is_under_way_is_not_begun_again(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue()
    await service.command(Wish.REVIEW, a_pull_request(at=LATER))
    assert states(store) == [State.RUNNING]
    assert store.jobs()[0].priority is Priority.AUTOMATIC


async def test_a_head_that_was_reviewed_is_reviewed_anew(
    store: MemoryStore, service: Service
) -> None:
    await completed(store, service)
    await service.command(Wish.REVIEW, a_pull_request(at=LATER))
    assert states(store) == [State.COMPLETED, State.RUNNING]


async def test_a_head_whose_review_failed_is_reviewed_anew(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue()
    await service.failed(ids(store)[0], failure=PERMANENT)
    await service.command(Wish.REVIEW)
    assert states(store) == [State.FAILED, State.RUNNING]


async def test_each_comment_is_a_request_and_each_delivery_of_it_the_same(
    store: MemoryStore, service: Service
) -> None:
    await completed(store, service)
    message_id = uuid4()
    verdicts = [
        await service.command(request_id="first", message_id=message_id),
        await service.command(request_id="first", message_id=message_id),
        await service.command(request_id="first"),
    ]
    assert verdicts == [Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.DUPLICATE]
    await service.reviewed(ids(store)[1])
    await service.published(ids(store)[1])
    await service.command(request_id="second")
    assert states(store) == [State.COMPLETED, State.COMPLETED, State.RUNNING]
    triggers = [each.trigger for each in store.jobs()]
    assert triggers == ["opened", "command:first", "command:second"]


async def test_a_repeated_command_does_not_undo_a_later_pause(
    store: MemoryStore, service: Service
) -> None:
    await service.command(request_id="first")
    await service.command(Wish.PAUSE, request_id="second")
    await service.command(request_id="first")
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated")
    assert states(store)[-1] is State.SKIPPED


async def test_a_draft_is_reviewed_when_somebody_asks(store: MemoryStore, service: Service) -> None:
    await service.enqueue(draft=True)
    await service.command()
    assert states(store) == [State.SKIPPED, State.RUNNING]


async def test_a_command_supersedes_the_review_of_an_older_head(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(a_pull_request(A))
    await service.command(Wish.REVIEW, a_pull_request(B, at=LATER))
    older, newer = ids(store)
    assert store.last(older) == JobSuperseded(superseded_by=newer, at=NOON)
    # The push is heard of after the command that was about it.
    await service.enqueue(a_pull_request(B, at=NOON + timedelta(seconds=30)), trigger="updated")
    assert states(store) == [State.SUPERSEDED, State.RUNNING]


async def test_a_push_that_was_held_back_just_before_the_command_came_is_what_it_is_about(
    store: MemoryStore, service: Service
) -> None:
    await service.command(Wish.PAUSE)
    await service.enqueue(a_pull_request(A))
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated")
    await service.command(Wish.REVIEW, a_pull_request(A))
    assert [job.pull_request.head_sha[0] for job in store.jobs() if job.is_active] == ["b"]
    assert len(store.streams) == 2


async def test_a_command_that_a_newer_review_overtook_stays_visible(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(a_pull_request(B, at=LATER), trigger="updated")
    await service.command(Wish.REVIEW, a_pull_request(A))
    newest, late = ids(store)
    assert store.last(late) == JobSuperseded(superseded_by=newest, at=NOON)


async def test_a_closed_pull_request_is_not_reviewed_by_a_late_command(
    store: MemoryStore, service: Service
) -> None:
    await service.command(Wish.PAUSE)
    await service.enqueue()
    await service.close(at=LATER)
    await service.command()
    assert states(store) == [State.SKIPPED]


async def test_a_pull_request_nobody_heard_of_is_reviewed(
    store: MemoryStore, service: Service
) -> None:
    await service.command()
    (job_id,) = ids(store)
    assert isinstance(store.streams[job_id][0], JobCreated)
    assert states(store) == [State.RUNNING]
