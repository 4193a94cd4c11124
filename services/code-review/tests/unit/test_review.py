"""What may happen to a review, and what a later attempt keeps of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from code_review.domain.analysis import Analysis, MissingStage, Outcome
from code_review.domain.model_review import BundleOutcome, ModelReview
from code_review.domain.review import (
    IllegalTransition,
    Result,
    Review,
    ReviewEnded,
    ReviewFailed,
    ReviewStarted,
    Status,
    review_id,
)
from code_review_support.builders import (
    NOON,
    TRANSIENT,
    a_finding,
    a_review,
    a_subject,
    an_analysis,
    an_ended_review,
)

LATER = NOON + timedelta(minutes=1)
NOTHING = Result(summary="ok", comments=(), listed=())


def test_a_job_has_one_review_however_often_it_begins() -> None:
    subject = a_subject()
    assert a_review(subject).id == a_review(subject, attempt=2).id == review_id(subject.job_id)
    assert a_review().id != a_review().id


def test_a_review_is_complete_when_nothing_is_missing() -> None:
    review = an_ended_review()
    assert review.status is Status.COMPLETE
    assert review.events == [ReviewStarted(at=NOON), ReviewEnded(at=NOON)]


@pytest.mark.parametrize(
    ("analysis", "missing"),
    [
        (an_analysis(failure="timed out"), MissingStage("analyze:ast-grep", "timed out")),
        (
            Analysis(files=1, lines=1, unseen="too large").with_outcome("ruff", Outcome()),
            MissingStage("fetch change set", "too large"),
        ),
    ],
    ids=["analyzer", "change set"],
)
def test_a_review_with_something_missing_is_partial(
    analysis: Analysis, missing: MissingStage
) -> None:
    review = an_ended_review(analysis=analysis)
    assert review.status is Status.PARTIAL
    assert review.analysis is not None
    assert review.analysis.missing == (missing,)


def test_a_review_cannot_end_before_anything_was_looked_at() -> None:
    with pytest.raises(IllegalTransition):
        a_review().end(NOTHING, NOON)


def failed() -> Review:
    review = a_review()
    review.fail(TRANSIENT, NOON)
    return review


def stopped() -> Review:
    review = a_review()
    review.stop(NOON)
    return review


@pytest.mark.parametrize("made", [an_ended_review, failed, stopped])
@pytest.mark.parametrize(
    "happens",
    [
        lambda review: review.end(NOTHING, LATER),
        lambda review: review.fail(TRANSIENT, LATER),
        lambda review: review.stop(LATER),
        lambda review: review.begin_analysis(an_analysis(), LATER),
        lambda review: review.checkpoint("ruff", Outcome(), LATER),
    ],
    ids=["end", "fail", "stop", "begin analysis", "checkpoint"],
)
def test_nothing_more_happens_to_a_review_at_rest(
    made: Callable[[], Review], happens: Callable[[Review], None]
) -> None:
    review = made()
    events, status = list(review.events), review.status
    with pytest.raises(IllegalTransition):
        happens(review)
    assert (review.events, review.status, review.updated_at) == (events, status, NOON)


def test_an_older_attempt_is_refused() -> None:
    review = a_review(attempt=2)
    assert not review.take_up(attempt=1, now=LATER)
    assert (review.attempt, review.events) == (2, [ReviewStarted(at=NOON)])


def test_the_same_attempt_goes_on_in_silence() -> None:
    review = a_review()
    assert review.take_up(attempt=1, now=LATER)
    assert review.events == [ReviewStarted(at=NOON)]


@pytest.mark.parametrize("made", [an_ended_review, failed, stopped])
def test_the_same_attempt_has_nothing_left_to_do_at_rest(made: Callable[[], Review]) -> None:
    assert not made().take_up(attempt=1, now=LATER)


@pytest.mark.parametrize("made", [an_ended_review, failed, stopped, a_review])
def test_a_newer_attempt_runs_again_without_the_old_result(made: Callable[[], Review]) -> None:
    review = made()
    assert review.take_up(attempt=2, now=LATER)
    assert (review.attempt, review.status, review.updated_at) == (2, Status.RUNNING, LATER)
    assert (review.result, review.failure) == (None, None)
    assert review.events[-1] == ReviewStarted(at=LATER)


def test_a_failure_is_told() -> None:
    assert failed().events[-1] == ReviewFailed(failure=TRANSIENT, at=NOON)


def test_a_stop_is_told_to_nobody() -> None:
    assert stopped().events == [ReviewStarted(at=NOON)]


def test_a_newer_attempt_keeps_what_ended_and_tries_again_what_failed() -> None:
    finding = a_finding()
    review = an_ended_review(analysis=an_analysis(finding, failure="crashed"))
    review.take_up(attempt=2, now=LATER)
    assert review.analysis is not None
    assert review.analysis.outcomes == {"ruff": Outcome(findings=(finding,))}


def test_a_newer_attempt_begins_anew_when_the_change_was_not_seen_whole() -> None:
    unseen = Analysis(files=1, lines=1, unseen="too large").with_outcome("ruff", Outcome())
    review = an_ended_review(analysis=unseen)
    review.take_up(attempt=2, now=LATER)
    assert review.analysis is not None
    assert review.analysis.outcomes == {}


def test_looking_again_keeps_what_was_said_before() -> None:
    review = a_review()
    review.begin_analysis(an_analysis(a_finding()), NOON)
    review.checkpoint("ruff", Outcome(findings=(a_finding(),)), NOON)
    review.begin_analysis(Analysis(files=9, lines=9), LATER)
    assert review.analysis is not None
    assert (review.analysis.files, review.analysis.findings) == (9, (a_finding(),))


def test_analyzers_are_in_the_order_of_their_names_whichever_ends_first() -> None:
    one, two = Outcome(failure="one"), Outcome(failure="two")
    begun = Analysis(files=1, lines=1)
    forth = begun.with_outcome("a", one).with_outcome("b", two)
    back = begun.with_outcome("b", two).with_outcome("a", one)
    assert list(forth.outcomes) == list(back.outcomes) == ["a", "b"]


def test_a_model_that_was_not_asked_about_everything_is_missing() -> None:
    asked = ModelReview(model="m", prompt_version="1")
    analysis = replace(an_analysis(), model_review=asked)
    assert [each.stage for each in analysis.missing] == ["review"]
    assert replace(analysis, model_review=replace(asked, ended=True)).missing == ()


def test_a_later_attempt_without_a_model_does_not_call_the_rest_read() -> None:
    failed = BundleOutcome(paths=("a.py",), failure="unavailable")
    asked = replace(
        ModelReview(model="m", prompt_version="1").with_outcome("k", failed), ended=True
    )
    review = an_ended_review(analysis=replace(an_analysis(), model_review=asked))
    review.take_up(attempt=2, now=LATER)
    assert review.analysis is not None
    assert [each.stage for each in review.analysis.missing] == ["review"]
