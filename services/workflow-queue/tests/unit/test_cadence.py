"""Pushes that come too fast, repositories that are reviewed by hand, and how people have it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workflow_queue.application.command_review import Wish
from workflow_queue.domain.cadence import Cadence, Mode
from workflow_queue.domain.job_events import JobSkipped, JobSuperseded
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId, PullRequest
from workflow_queue_support.builders import (
    NOON,
    ORGANIZATION,
    REPOSITORY,
    Service,
    a_pull_request,
    a_ref,
    a_service,
)
from workflow_queue_support.memory import MemoryStore, NoViews

MINUTE = timedelta(minutes=1)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def service(store: MemoryStore) -> Service:
    return a_service(store.begin, store.due, NoViews())


async def in_mode(store: MemoryStore, mode: Mode) -> None:
    await store.cadences.put(ORGANIZATION, REPOSITORY, Cadence(mode=mode))


def push(number: int, *, minute: int | None = None) -> PullRequest:
    at = NOON + MINUTE * (number if minute is None else minute)
    return a_pull_request(f"{number:040x}", at=at)


async def pushed(service: Service, *numbers: int) -> None:
    for number in numbers:
        await service.enqueue(push(number), trigger="updated")


def states(store: MemoryStore) -> list[State]:
    return [job.state for job in store.jobs()]


def newest(store: MemoryStore) -> JobId:
    return list(store.streams)[-1]


async def test_the_third_push_in_a_quarter_of_an_hour_is_not_reviewed(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(push(0))
    await pushed(service, 1, 2, 3)
    assert states(store) == [State.SUPERSEDED] * 3 + [State.SKIPPED]
    assert store.last(newest(store)) == JobSkipped(reason="paused", at=NOON)


async def test_the_push_that_is_too_much_still_stops_the_review_of_the_older_head(
    store: MemoryStore, service: Service
) -> None:
    await pushed(service, 1, 2)
    older = newest(store)
    await service.tick()
    await pushed(service, 3)
    assert store.last(older) == JobSuperseded(superseded_by=newest(store), at=NOON)


async def test_a_pause_lasts_however_much_later_the_next_push_comes(
    store: MemoryStore, service: Service
) -> None:
    await pushed(service, 1, 2, 3)
    await service.enqueue(push(4, minute=9999), trigger="updated")
    assert store.job(newest(store)).reason == "paused"


async def test_pushes_with_time_between_them_are_all_reviewed(
    store: MemoryStore, service: Service
) -> None:
    for number in range(8):
        await service.enqueue(push(number, minute=8 * number), trigger="updated")
    assert states(store) == [State.SUPERSEDED] * 7 + [State.RUNNING]


async def test_a_push_counts_at_the_time_it_was_made_and_not_when_it_was_heard_of(
    store: MemoryStore, service: Service
) -> None:
    for number in range(4):
        service.clock.now = NOON + timedelta(days=1)
        await service.enqueue(push(number, minute=60 * number), trigger="updated")
    assert states(store)[-1] is State.RUNNING


async def test_a_delivery_that_comes_again_is_no_other_push(
    store: MemoryStore, service: Service
) -> None:
    await pushed(service, 1, 1, 2, 2, 1)
    assert states(store) == [State.SUPERSEDED, State.RUNNING]


async def test_a_push_back_to_a_known_head_is_a_push(store: MemoryStore, service: Service) -> None:
    await pushed(service, 1, 2)
    first = next(iter(store.streams))
    await service.enqueue(a_pull_request(f"{1:040x}", at=NOON + 5 * MINUTE), trigger="updated")
    # It says so on the check of that head, which said superseded.
    assert store.job(first).reason == "paused"
    assert states(store) == [State.SKIPPED, State.SUPERSEDED]


async def test_pushes_to_a_draft_pause_nothing(store: MemoryStore, service: Service) -> None:
    for number in (1, 2, 3):
        await service.enqueue(push(number), trigger="updated", draft=True)
    await service.enqueue(push(3, minute=4), trigger="ready_for_review")
    assert states(store) == [State.SKIPPED] * 3 + [State.RUNNING]


async def test_one_pull_request_does_not_pause_another(
    store: MemoryStore, service: Service
) -> None:
    await pushed(service, 1, 2, 3)
    await service.enqueue(a_pull_request(ref=a_ref(8)))
    assert states(store)[-1] is State.RUNNING


async def test_a_repository_may_have_every_push_reviewed(
    store: MemoryStore, service: Service
) -> None:
    await in_mode(store, Mode.AUTOMATIC)
    await pushed(service, *range(9))
    assert states(store)[-1] is State.RUNNING


@pytest.mark.parametrize("trigger", ["opened", "updated", "reopened", "ready_for_review"])
async def test_by_hand_means_that_nothing_is_reviewed_unasked(
    store: MemoryStore, service: Service, trigger: str
) -> None:
    await in_mode(store, Mode.MANUAL)
    await service.enqueue(push(1), trigger=trigger)
    assert store.last(newest(store)) == JobSkipped(reason="manual", at=NOON)
    await service.command(Wish.REVIEW, push(1))
    assert states(store) == [State.SKIPPED, State.RUNNING]


@pytest.mark.parametrize("trigger", ["updated", "reopened", "ready_for_review"])
async def test_a_person_may_pause_and_resume(
    store: MemoryStore, service: Service, trigger: str
) -> None:
    await service.command(Wish.PAUSE, push(1))
    await service.enqueue(push(1), trigger=trigger)
    assert store.job(newest(store)).reason == "paused"
    await service.command(Wish.RESUME, push(1))
    await service.enqueue(push(2), trigger=trigger)
    assert states(store)[-1] is State.RUNNING


async def test_a_pause_lets_the_review_that_is_under_way_end(
    store: MemoryStore, service: Service
) -> None:
    await service.enqueue(push(1))
    await service.command(Wish.PAUSE, push(1))
    assert states(store) == [State.RUNNING]


async def test_whoever_resumes_gets_as_many_pushes_again(
    store: MemoryStore, service: Service
) -> None:
    await pushed(service, 1, 2, 3)
    await service.command(Wish.RESUME, push(3))
    await pushed(service, 4, 5)
    assert states(store)[-1] is State.RUNNING
    await pushed(service, 6)
    assert store.job(newest(store)).reason == "paused"


MOMENTS = st.lists(st.integers(0, 5000), max_size=30).map(sorted)


@given(MOMENTS, st.integers(1, 5), st.integers(1, 2000))
def test_there_is_a_pause_exactly_where_that_many_pushes_lie_within_the_window(
    seconds: list[int], pushes: int, window: int
) -> None:
    cadence = Cadence(pushes=pushes, window=timedelta(seconds=window))
    counted: tuple[datetime, ...] = ()
    for index, second in enumerate(seconds):
        counted = cadence.counted(counted, NOON + timedelta(seconds=second))
        within = [each for each in seconds[: index + 1] if second - each < window]
        assert cadence.is_too_much(counted) == (len(within) >= pushes)
        assert len(counted) <= pushes
