"""What the fakes promise, MongoDB keeps: one suite over both."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import cast
from uuid import uuid4

import pytest
from code_review.application.ports import ConcurrentUpdate, Reviews, Stops
from code_review.application.views import ReviewNotFound, Views, place
from code_review.bootstrap import Service
from code_review.domain.analysis import FETCH, Analysis, Outcome
from code_review.domain.finding import Finding, Severity
from code_review.domain.model_review import BundleOutcome, ModelReview
from code_review.domain.model_usage import Usage
from code_review.domain.review import ErrorClass, Failure, JobId, Result, Review, Status
from code_review.infrastructure.mongo import MongoReviews, MongoStops
from code_review.infrastructure.mongo_views import MongoViews
from code_review_support.builders import (
    NOON,
    ORGANIZATION,
    TRANSIENT,
    a_finding,
    a_review,
    a_subject,
    an_analysis,
    an_ended_review,
)
from code_review_support.memory import MemoryReviews, MemoryStops, MemoryViews
from crivo_messaging.envelope import Envelope

LATER = NOON + timedelta(minutes=1, microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Store:
    """`outbox` tells the messages that are stored with the reviews."""

    reviews: Reviews
    stops: Stops
    views: Views
    outbox: Callable[[], Awaitable[list[Envelope]]]

    async def holds(self, *reviews: Review) -> None:
        for review in reviews:
            await self.reviews.save(review)

    async def read(self, review: Review) -> Review:
        read = await self.reviews.get(review.subject.job_id)
        assert read is not None
        return read

    async def told(self) -> list[str]:
        return [each.type.split(".")[1] for each in await self.outbox()]


@pytest.fixture(params=["memory", "mongodb"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        memory = MemoryReviews()

        async def sent() -> list[Envelope]:
            return list(memory.sent)

        return Store(reviews=memory, stops=MemoryStops(), views=MemoryViews(memory), outbox=sent)
    service = cast("Service", request.getfixturevalue("running"))

    async def pending() -> list[Envelope]:
        return [each for group in await service.outbox.pending() for each in group]

    return Store(
        reviews=MongoReviews(service.database, service.outbox),
        stops=MongoStops(service.database),
        views=MongoViews(service.database),
        outbox=pending,
    )


def a_full_analysis() -> Analysis:
    """With a value other than the default in every place."""
    finding = a_finding(
        "été/'q'.py",
        3,
        end_line=5,
        severity=Severity.LOW,
        explanation="So:\n\u2028$where \0 😀",
        confidence=0.25,
        replacement="",
        fingerprint="f1",
    )
    ruff = Outcome(findings=(finding,), unplaceable=frozenset({"f1", "f2"}), dropped=7)
    return Analysis(
        files=2,
        lines=30,
        unread=1,
        unseen="too large",
        outcomes={"ast-grep": Outcome(failure="timed out"), "ruff": ruff},
        model_review=a_model_review(finding),
    )


def a_model_review(finding: Finding) -> ModelReview:
    """Paths may have what keys of a document may not."""
    paid = Usage(
        requests=2, unreported=1, input_tokens=9, output_tokens=3, cost_usd=Decimal("0.01")
    )
    review = ModelReview(
        model="m/1.5",
        prompt_version="1",
        not_read={"$a.b": "over the budget"},
        skipped={"lock": 2},
        ended=True,
    )
    answered = BundleOutcome(
        paths=("a.b/$c.py",),
        findings=(finding,),
        rejected={"more than a few": 3},
        usage=paid,
        seconds=1.25,
    )
    failed = BundleOutcome(paths=("d.py",), usage=Usage(cost_usd=None), failure="unavailable")
    return review.with_outcome("k1", answered).with_outcome("k2", failed)


def a_partial_review() -> Review:
    review = an_ended_review(analysis=a_full_analysis(), now=LATER)
    review.timings = {FETCH: 12.5, "analyze:ruff": 0.001}
    return review


def a_limited_review() -> Review:
    review = a_review(attempt=3)
    failure = Failure(error_class=ErrorClass.RATE_LIMITED, reason="slow down", retry_at=LATER)
    review.fail(failure, LATER)
    return review


def a_stopped_review() -> Review:
    review = a_review()
    review.stop(LATER)
    return review


async def test_people_see_the_accounts_of_a_model(store: Store) -> None:
    review = a_partial_review()
    await store.holds(review)
    shown = await store.views.review(ORGANIZATION, review.id)
    assert shown.model is not None
    assert (shown.model.name, shown.model.prompt_version) == ("m/1.5", "1")
    assert (shown.model.requests, shown.model.unreported_requests) == (2, 1)
    # One of the two has no known price, so the sum has none.
    assert shown.model.cost_usd is None
    assert shown.model.rejected == {"more than a few": 3}
    assert [each.path for each in shown.model.not_read] == ["$a.b", "d.py"]


async def test_a_review_of_a_release_without_a_model_is_read(running: Service) -> None:
    review = a_partial_review()
    reviews = MongoReviews(running.database, running.outbox)
    await reviews.save(review)
    collection = running.database["reviews"]
    stored = await collection.find_one({"_id": str(review.id)})
    assert stored is not None
    del stored["model"], stored["analysis"]["model_review"]
    await collection.replace_one({"_id": str(review.id)}, stored)
    read = await reviews.get(review.subject.job_id)
    assert read is not None
    assert read.analysis is not None
    assert read.analysis.model_review is None
    shown = await MongoViews(running.database).review(ORGANIZATION, review.id)
    assert shown.model is None


@pytest.mark.parametrize(
    "made",
    [a_review, a_partial_review, a_limited_review, a_stopped_review],
    ids=["begun", "partial", "limited", "stopped"],
)
async def test_a_review_is_read_as_it_was_written(store: Store, made: Callable[[], Review]) -> None:
    review = made()
    await store.holds(review)
    read = await store.read(review)
    for name in Review.__slots__:
        assert getattr(read, name) == getattr(review, name), name
    assert (read.revision, read.events) == (1, [])


async def test_a_job_nobody_has_begun_has_no_review(store: Store) -> None:
    await store.holds(a_review())
    assert await store.reviews.get(JobId(uuid4())) is None


async def test_a_review_that_was_read_can_go_on(store: Store) -> None:
    review = a_review()
    await store.holds(review)
    read = await store.read(review)
    read.begin_analysis(an_analysis(), LATER)
    read.checkpoint("ruff", Outcome(findings=(a_finding(),)), LATER)
    await store.holds(read)
    read.end(Result(summary="ok", comments=(), listed=(a_finding(),)), LATER)
    await store.holds(read)
    again = await store.read(review)
    assert (again.status, again.revision) == (Status.COMPLETE, 3)
    assert (again.created_at, again.updated_at) == (NOON, LATER)


async def test_of_two_writers_who_read_the_same_revision_one_fails(store: Store) -> None:
    review = a_review()
    await store.holds(review)
    winner, loser = await store.read(review), await store.read(review)
    winner.stop(NOON)
    loser.fail(TRANSIENT, NOON)
    await store.holds(winner)
    with pytest.raises(ConcurrentUpdate):
        await store.holds(loser)
    assert (await store.read(review)).status is Status.STOPPED
    assert await store.told() == ["review_started"]


async def test_of_two_who_begin_the_same_review_at_once_one_fails(store: Store) -> None:
    subject = a_subject()
    begun = [a_review(subject), a_review(subject)]
    ended = await asyncio.gather(*map(store.holds, begun), return_exceptions=True)
    assert [type(each) for each in ended if each is not None] == [ConcurrentUpdate]
    assert await store.told() == ["review_started"]


async def test_the_messages_of_a_review_are_stored_with_it_in_order(store: Store) -> None:
    review = a_review()
    await store.holds(review)
    review.fail(TRANSIENT, LATER)
    await store.holds(review)
    assert review.take_up(attempt=2, now=LATER)
    await store.holds(review)
    sent = await store.outbox()
    assert await store.told() == ["review_started", "review_failed", "review_started"]
    assert [each.sequence for each in sent] == [1, 2, 3]
    assert {each.subject for each in sent} == {str(review.id)}


async def test_a_checkpoint_is_told_to_nobody(store: Store) -> None:
    review = a_review()
    await store.holds(review)
    review.begin_analysis(an_analysis(), NOON)
    await store.holds(review)
    assert await store.told() == ["review_started"]


@pytest.mark.parametrize(("given", "stopped"), [(3, True), (4, False), (5, False)])
async def test_a_stop_holds_for_the_commands_given_before_it(
    store: Store, given: int, stopped: bool
) -> None:
    job_id = a_subject().job_id
    await store.stops.add(job_id, sequence=4, at=NOON)
    assert await store.stops.after(job_id, sequence=given) is stopped


async def test_a_job_that_nobody_stopped_goes_on(store: Store) -> None:
    await store.stops.add(JobId(uuid4()), sequence=4, at=NOON)
    assert not await store.stops.after(JobId(uuid4()), sequence=0)


@pytest.mark.parametrize("order", [(4, 6), (6, 4), (6, 6)])
async def test_of_two_stops_the_later_one_counts_whichever_comes_first(
    store: Store, order: tuple[int, int]
) -> None:
    job_id = JobId(uuid4())
    for sequence in order:
        await store.stops.add(job_id, sequence=sequence, at=NOON)
    assert await store.stops.after(job_id, sequence=5)
    assert not await store.stops.after(job_id, sequence=6)


async def test_a_review_is_shown_with_what_it_found_and_missed(store: Store) -> None:
    review = a_partial_review()
    await store.holds(review)
    shown = await store.views.review(ORGANIZATION, review.id)
    assert (shown.status, shown.summary, shown.failure) == ("partial", "ok", None)
    finding, of_model = shown.findings
    assert of_model == finding
    assert (finding.path, finding.start_line, finding.end_line) == ("été/'q'.py", 3, 5)
    assert (finding.severity, finding.replacement, finding.fingerprint) == ("low", "", "f1")
    assert [(each.stage, each.reason) for each in shown.missing_stages] == [
        (FETCH, "too large"),
        ("analyze:ast-grep", "timed out"),
        (
            "review",
            "2 of 3 files not read by the model; over the budget: $a.b; unavailable: d.py",
        ),
    ]
    assert [(each.stage, each.milliseconds) for each in shown.timings] == [
        (FETCH, 12.5),
        ("analyze:ruff", 0.001),
    ]


async def test_a_failed_review_is_shown_with_its_reason(store: Store) -> None:
    review = a_limited_review()
    await store.holds(review)
    shown = await store.views.review(ORGANIZATION, review.id)
    assert (shown.status, shown.failure, shown.attempt) == ("failed", "slow down", 3)
    assert (shown.summary, shown.findings, shown.missing_stages) == (None, [], [])


async def test_a_review_of_another_organization_is_not_found(store: Store) -> None:
    review = a_review()
    await store.holds(review)
    stranger = uuid4()
    with pytest.raises(ReviewNotFound):
        await store.views.review(stranger, review.id)
    assert await store.views.reviews(stranger, job_id=None, before=None, limit=9) == []


async def test_reviews_are_listed_from_the_newest_page_by_page(store: Store) -> None:
    # Two of one moment, in whose order no page may lose or repeat one.
    reviews = [a_review(now=NOON + timedelta(microseconds=each // 2)) for each in range(5)]
    await store.holds(*reviews)
    seen, before = [], None
    for _ in range(3):
        page = await store.views.reviews(ORGANIZATION, job_id=None, before=before, limit=2)
        seen += [each.id for each in page]
        before = place(page[-1].created_at, page[-1].id)
    expected = sorted(reviews, key=lambda each: place(each.created_at, each.id), reverse=True)
    assert seen == [each.id for each in expected]
    assert await store.views.reviews(ORGANIZATION, job_id=None, before=before, limit=2) == []


async def test_the_review_of_a_job_is_found(store: Store) -> None:
    wanted = a_review()
    await store.holds(a_review(), wanted, a_review())
    job_id = wanted.subject.job_id
    found = await store.views.reviews(ORGANIZATION, job_id=job_id, before=None, limit=9)
    assert [each.id for each in found] == [wanted.id]


async def test_as_much_as_an_analyzer_may_say_fits_into_a_review(store: Store) -> None:
    finding = a_finding(title="t" * 200, explanation="e" * 2000, replacement="r" * 2000)
    findings = tuple(replace(finding, fingerprint=str(each)) for each in range(200))
    analysis = Analysis(
        files=1,
        lines=1,
        outcomes={name: Outcome(findings=findings) for name in ("ast-grep", "ruff")},
    )
    review = an_ended_review(analysis=analysis)
    await store.holds(review)
    assert (await store.read(review)).analysis == analysis
