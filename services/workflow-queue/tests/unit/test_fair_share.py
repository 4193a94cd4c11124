"""Who goes next: nobody waits for another organization's queue, whatever its length."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from workflow_queue.domain.fair_share import (
    InFlight,
    Limits,
    Line,
    Share,
    Waiting,
    WaitingJob,
    choose,
    has_room,
)
from workflow_queue.domain.job_events import Priority
from workflow_queue.domain.pull_request import IntegrationId, JobId, OrganizationId

BIG, SMALL, THIRD = (OrganizationId(UUID(int=number)) for number in (1, 2, 3))
GITHUB, GITLAB = (IntegrationId(UUID(int=number)) for number in (11, 12))
LIMITS = Limits(window=10, organization=10, integration=10)


def a_line(
    organization_id: OrganizationId,
    waiting: int,
    *,
    in_flight: int = 0,
    integration_id: IntegrationId | None = GITHUB,
    priority: Priority = Priority.AUTOMATIC,
    first: int = 0,
) -> Line:
    start = organization_id.int * 10_000 + first
    return Line(
        organization_id=organization_id,
        integration_id=integration_id,
        in_flight=in_flight,
        waiting=tuple(
            WaitingJob(priority=priority, id=JobId(UUID(int=start + number)))
            for number in range(waiting)
        ),
    )


def chosen_of(
    lines: Sequence[Line],
    shares: Mapping[OrganizationId, Share] | None = None,
    limits: Limits = LIMITS,
) -> list[JobId]:
    return choose(Waiting(lines=lines, shares=shares or {}), limits=limits)


def organizations(chosen: list[JobId]) -> list[int]:
    return [job_id.int // 10_000 for job_id in chosen]


def test_a_single_job_goes_before_the_rest_of_a_thousand() -> None:
    lines = [a_line(BIG, 1000, in_flight=9), a_line(SMALL, 1)]
    assert organizations(chosen_of(lines)) == [SMALL.int]


def test_two_organizations_take_turns_and_each_of_them_in_its_own_order() -> None:
    chosen = chosen_of([a_line(BIG, 5), a_line(SMALL, 5)])
    assert organizations(chosen) == [1, 2] * 5
    for organization in (BIG, SMALL):
        own = [each for each in chosen if each.int // 10_000 == organization.int]
        assert own == sorted(own)


def test_a_command_goes_before_older_automatic_jobs_of_its_organization() -> None:
    commanded = a_line(BIG, 1, integration_id=GITLAB, priority=Priority.COMMAND, first=500)
    chosen = chosen_of([a_line(BIG, 5), commanded])
    assert chosen[0] == commanded.waiting[0].id


def test_twice_the_weight_is_twice_the_jobs_in_flight() -> None:
    shares = {BIG: Share(concurrency=100, weight=2.0)}
    limits = Limits(window=9, organization=100, integration=100)
    chosen = chosen_of([a_line(BIG, 50), a_line(SMALL, 50)], shares, limits)
    assert Counter(organizations(chosen)) == {BIG.int: 6, SMALL.int: 3}


def test_an_organization_has_no_more_in_flight_than_its_limit() -> None:
    shares = {SMALL: Share(concurrency=1)}
    limits = Limits(window=10, organization=4, integration=10)
    lines = [a_line(BIG, 50, in_flight=3), a_line(SMALL, 50)]
    assert Counter(organizations(chosen_of(lines, shares, limits))) == {1: 1, 2: 1}


def test_a_code_host_that_is_at_its_limit_does_not_hold_up_another() -> None:
    limits = Limits(window=10, organization=10, integration=2)
    lines = [
        a_line(BIG, 5, in_flight=2),
        a_line(BIG, 5, integration_id=GITLAB, first=500),
    ]
    chosen = chosen_of(lines, limits=limits)
    assert chosen == [each.id for each in lines[1].waiting[:2]]


def test_a_full_window_lets_nobody_in() -> None:
    lines = [a_line(BIG, 5, in_flight=7), a_line(SMALL, 5, in_flight=3)]
    assert chosen_of(lines) == []


def test_a_new_job_starts_at_once_below_every_limit_only() -> None:
    limits = Limits(window=10, organization=5, integration=3)
    below = InFlight(in_all=9, organization=4, integration=2, concurrency=None)
    assert has_room(below, limits=limits)
    assert not has_room(replace(below, in_all=10), limits=limits)
    assert not has_room(replace(below, organization=5), limits=limits)
    assert not has_room(replace(below, integration=3), limits=limits)
    assert not has_room(replace(below, concurrency=4), limits=limits)
    assert has_room(replace(below, organization=5, concurrency=6), limits=limits)


@given(
    here=st.integers(0, 4),
    on_another_host=st.integers(0, 4),
    of_others=st.integers(0, 4),
    concurrency=st.none() | st.integers(1, 6),
    limits=st.builds(
        Limits,
        window=st.integers(1, 8),
        organization=st.integers(1, 6),
        integration=st.integers(1, 4),
    ),
)
def test_a_new_job_starts_at_once_where_it_would_be_chosen_of_one_line(
    here: int, on_another_host: int, of_others: int, concurrency: int | None, limits: Limits
) -> None:
    lines = [
        a_line(BIG, 1, in_flight=here),
        a_line(BIG, 0, in_flight=on_another_host, integration_id=GITLAB),
        a_line(SMALL, 0, in_flight=of_others),
    ]
    shares = {BIG: Share(concurrency=concurrency)} if concurrency else {}
    in_flight = InFlight(
        in_all=here + on_another_host + of_others,
        organization=here + on_another_host,
        integration=here,
        concurrency=concurrency,
    )
    chosen = choose(Waiting(lines=lines, shares=shares), limits=limits)
    assert has_room(in_flight, limits=limits) == bool(chosen)


@given(
    waiting=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    in_flight=st.lists(st.integers(0, 6), min_size=3, max_size=3),
    window=st.integers(1, 30),
)
def test_nobody_is_more_than_one_job_ahead_of_somebody_who_waits(
    waiting: list[int], in_flight: list[int], window: int
) -> None:
    lines = [
        a_line(organization, waits, in_flight=runs)
        for organization, waits, runs in zip((BIG, SMALL, THIRD), waiting, in_flight, strict=True)
    ]
    limits = Limits(window=window, organization=100, integration=100)
    chosen = chosen_of(lines, limits=limits)
    served = Counter(organizations(chosen))
    assert len(chosen) == max(0, min(sum(waiting), window - sum(in_flight)))
    after = {line.organization_id.int: line.in_flight for line in lines}
    after = {organization: runs + served[organization] for organization, runs in after.items()}
    for line in lines:
        still_waits = served[line.organization_id.int] < len(line.waiting)
        if still_waits:
            mine = after[line.organization_id.int]
            assert all(after[other] <= mine + 1 for other in served if served[other])
