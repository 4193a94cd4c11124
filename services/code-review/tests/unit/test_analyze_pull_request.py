"""The pipeline, from the command to the review and to what is told of it."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from code_review.application.analyze_pull_request import (
    AnalyzePullRequest,
    AnalyzePullRequestHandler,
)
from code_review.application.model_reviewer import ModelReviewer
from code_review.application.ports import AnalyzerFailed, ChangeSetUnavailable, ConcurrentUpdate
from code_review.application.stop_review import StopReview, StopReviewHandler
from code_review.domain.analysis import FETCH
from code_review.domain.change_set import ChangeSet
from code_review.domain.review import ErrorClass, Failure, JobId, Review, Status
from code_review.domain.selection import Budget
from code_review_support.builders import (
    NOON,
    TRANSIENT,
    a_change_set,
    a_changed_file,
    a_command,
    a_finding,
)
from code_review_support.memory import (
    MemoryAnalyzer,
    MemoryChangeSets,
    MemoryReviews,
    MemoryStops,
)

CRASHED = AnalyzerFailed("it crashed")
# What hangs is wrong, and must say so.
SECONDS = 60


@dataclass
class Setting:
    """A handler with everything around it."""

    change_set: ChangeSet | Exception = field(default_factory=a_change_set)
    reviews: MemoryReviews = field(default_factory=MemoryReviews)
    stops: MemoryStops = field(default_factory=MemoryStops)
    ruff: MemoryAnalyzer = field(default_factory=lambda: MemoryAnalyzer("ruff", a_finding()))
    ast_grep: MemoryAnalyzer = field(
        default_factory=lambda: MemoryAnalyzer(
            "ast-grep", a_finding(line=2, source="ast-grep:py-eval")
        )
    )

    model_reviewer: ModelReviewer | None = None

    def __post_init__(self) -> None:
        self.change_sets = MemoryChangeSets(self.change_set)

    async def analyze(self, command: AnalyzePullRequest) -> Review:
        ticks = count()
        handler = AnalyzePullRequestHandler(
            reviews=self.reviews,
            stops=self.stops,
            change_sets=self.change_sets,
            analyzers=(self.ruff, self.ast_grep),
            model_reviewer=self.model_reviewer,
            budget=Budget(),
            now=lambda: NOON,
            clock=lambda: float(next(ticks)),
        )
        async with asyncio.timeout(SECONDS):
            await handler(command)
        return self.reviews.stored[command.subject.job_id]

    async def stop(self, job_id: JobId, *, sequence: int) -> None:
        handler = StopReviewHandler(stops=self.stops, now=lambda: NOON)
        await handler(StopReview(job_id=job_id, sequence=sequence))

    def told(self) -> list[str]:
        return [each.type.split(".")[1] for each in self.reviews.sent]

    def last(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.reviews.sent[-1].body)
        return said

    @property
    def asked(self) -> tuple[int, int, int]:
        return self.change_sets.asked, self.ruff.asked, self.ast_grep.asked


async def test_a_review_is_complete_and_told_with_its_findings() -> None:
    setting = Setting()
    review = await setting.analyze(a_command())
    assert review.status is Status.COMPLETE
    assert setting.told() == ["review_started", "review_completed"]
    said = setting.last()
    assert (said["outcome"], said["attempt"], said["missing_stages"]) == ("complete", 1, [])
    assert [each["source"] for each in said["findings"]] == ["ruff:B006", "ast-grep:py-eval"]
    assert all(each["fingerprint"] for each in said["findings"])
    assert {each["stage"] for each in said["timings"]} == {
        FETCH,
        "analyze:ruff",
        "analyze:ast-grep",
        "select",
        "summarise",
    }


async def test_findings_beside_the_change_reach_nobody() -> None:
    setting = Setting(change_set=a_change_set(added={"cart.py": frozenset({2})}))
    review = await setting.analyze(a_command())
    assert review.result is not None
    assert [each.start_line for each in review.result.comments] == [2]
    assert review.result.listed == ()


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (CRASHED, "it crashed"),
        (OSError(28, "No space left on device"), "ruff could not be run: OSError"),
    ],
    ids=["it failed", "the machine is full"],
)
async def test_an_analyzer_that_fails_makes_the_review_partial(
    problem: Exception, reason: str
) -> None:
    setting = Setting(ruff=MemoryAnalyzer("ruff", problem))
    review = await setting.analyze(a_command())
    assert review.status is Status.PARTIAL
    said = setting.last()
    assert said["outcome"] == "partial"
    assert said["missing_stages"] == [{"stage": "analyze:ruff", "reason": reason}]
    assert said["summary"].startswith("Not everything was looked at.")
    assert "analyze:ruff" in {each["stage"] for each in said["timings"]}


async def test_a_partial_review_without_findings_is_not_called_clean() -> None:
    setting = Setting(ruff=MemoryAnalyzer("ruff", CRASHED), ast_grep=MemoryAnalyzer("ast-grep"))
    await setting.analyze(a_command())
    assert (setting.last()["outcome"], setting.last()["findings"]) == ("partial", [])
    assert setting.last()["summary"].startswith("Not everything was looked at.")


async def test_a_change_that_is_not_seen_whole_makes_the_review_partial() -> None:
    setting = Setting(change_set=a_change_set(truncated=True))
    review = await setting.analyze(a_command())
    assert review.status is Status.PARTIAL
    (missing,) = setting.last()["missing_stages"]
    assert missing["stage"] == FETCH


async def test_files_that_no_analyzer_reads_are_not_counted_as_read() -> None:
    files = (a_changed_file(), a_changed_file("main.rs", "fn main\n"))
    setting = Setting(change_set=a_change_set(*files))
    review = await setting.analyze(a_command())
    assert review.analysis is not None
    assert (review.analysis.files, review.analysis.lines, review.analysis.unread) == (1, 2, 1)


async def test_when_all_analyzers_fail_the_review_fails_and_may_be_tried_again() -> None:
    setting = Setting(
        ruff=MemoryAnalyzer("ruff", CRASHED), ast_grep=MemoryAnalyzer("ast-grep", CRASHED)
    )
    review = await setting.analyze(a_command())
    assert (review.status, review.result) == (Status.FAILED, None)
    assert setting.told() == ["review_started", "review_failed"]
    assert setting.last()["failure"] == {
        "error_class": "transient",
        "reason": "every analyzer failed",
        "retry_at": None,
    }


@pytest.mark.parametrize(
    "failure",
    [
        TRANSIENT,
        Failure(
            error_class=ErrorClass.RATE_LIMITED,
            reason="slow down",
            retry_at=NOON + timedelta(minutes=5),
        ),
        Failure(error_class=ErrorClass.PERMANENT, reason="gone"),
    ],
    ids=lambda failure: failure.error_class,
)
async def test_a_change_set_that_cannot_be_had_fails_the_review_by_its_class(
    failure: Failure,
) -> None:
    setting = Setting(change_set=ChangeSetUnavailable(failure))
    review = await setting.analyze(a_command())
    assert (review.status, review.failure) == (Status.FAILED, failure)
    assert setting.asked == (1, 0, 0)
    assert setting.told() == ["review_started", "review_failed"]
    told = setting.last()["failure"]
    assert (told["error_class"], told["reason"]) == (failure.error_class, failure.reason)
    assert (told["retry_at"] is None) is (failure.retry_at is None)


async def test_a_reason_is_cut_to_what_the_contract_takes() -> None:
    failure = Failure(error_class=ErrorClass.PERMANENT, reason="x" * 5000)
    setting = Setting(change_set=ChangeSetUnavailable(failure))
    await setting.analyze(a_command())
    assert len(setting.last()["failure"]["reason"]) == 2000


async def test_a_command_that_comes_again_changes_nothing() -> None:
    setting, command = Setting(), a_command()
    first = await setting.analyze(command)
    again = await setting.analyze(command)
    assert again.revision == first.revision
    assert setting.asked == (1, 1, 1)
    assert setting.told() == ["review_started", "review_completed"]


class Watched(MemoryReviews):
    """Says when the first analyzer's answer is stored."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = asyncio.Event()

    async def save(self, review: Review) -> None:
        await super().save(review)
        if review.analysis is not None and review.analysis.outcomes:
            self.answered.set()


async def test_a_worker_that_dies_between_analyzers_loses_only_the_one_at_work() -> None:
    reviews = Watched()
    setting, command = Setting(reviews=reviews), a_command()
    setting.ast_grep.gate.clear()
    dying = asyncio.create_task(setting.analyze(command))
    async with asyncio.timeout(SECONDS):
        await reviews.answered.wait()
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    assert setting.ast_grep.cancelled == 1

    setting.ast_grep.gate.set()
    review = await setting.analyze(command)
    assert review.status is Status.COMPLETE
    assert setting.asked == (2, 1, 2)
    assert setting.told() == ["review_started", "review_completed"]
    assert len(setting.last()["findings"]) == 2


async def test_a_command_that_comes_again_after_the_last_analyzer_asks_nobody() -> None:
    setting, command = Setting(), a_command()
    last = LastSaveFails(after=3)
    setting.reviews = last
    with pytest.raises(ConnectionError):
        await setting.analyze(command)
    assert setting.told() == ["review_started"]

    last.after = 99
    review = await setting.analyze(command)
    assert review.status is Status.COMPLETE
    assert setting.asked == (1, 1, 1)
    assert setting.told() == ["review_started", "review_completed"]


class LastSaveFails(MemoryReviews):
    """The database goes away after some saves."""

    def __init__(self, *, after: int) -> None:
        super().__init__()
        self.after = after
        self._saves = 0

    async def save(self, review: Review) -> None:
        self._saves += 1
        if self._saves > self.after:
            raise ConnectionError
        await super().save(review)


async def test_no_analyzer_runs_on_when_the_review_cannot_be_saved() -> None:
    setting = Setting(reviews=LastSaveFails(after=1))
    setting.ast_grep.gate.clear()
    with pytest.raises(ConnectionError):
        await setting.analyze(a_command())
    assert setting.ast_grep.cancelled == 1


async def test_an_error_nobody_expects_reaches_the_dead_letters_and_stops_the_other_analyzer() -> (
    None
):
    setting = Setting(ruff=MemoryAnalyzer("ruff", LookupError("a bug")))
    setting.ast_grep.gate.clear()
    with pytest.raises(LookupError):
        await setting.analyze(a_command())
    assert setting.ast_grep.cancelled == 1
    assert setting.told() == ["review_started"]


async def test_a_newer_attempt_tries_again_only_what_failed() -> None:
    setting, command = Setting(), a_command()
    setting.ruff.said = (CRASHED,)
    assert (await setting.analyze(command)).status is Status.PARTIAL
    setting.ruff.said = (a_finding(),)
    review = await setting.analyze(a_command(command.subject, attempt=2, sequence=5))
    assert review.status is Status.COMPLETE
    assert setting.asked == (2, 2, 1)
    assert setting.last()["attempt"] == 2


async def test_an_older_attempt_is_refused() -> None:
    setting = Setting()
    newer = a_command(attempt=2)
    await setting.analyze(newer)
    review = await setting.analyze(a_command(newer.subject, attempt=1))
    assert (review.attempt, setting.asked) == (2, (1, 1, 1))
    assert setting.told() == ["review_started", "review_completed"]


async def test_an_attempt_overtaken_while_it_works_publishes_nothing() -> None:
    setting, older = Setting(), a_command()
    setting.ruff.gate.clear()
    setting.ast_grep.gate.clear()
    overtaken = asyncio.create_task(setting.analyze(older))
    async with asyncio.timeout(SECONDS):
        await setting.ast_grep.begun.wait()
    setting.ruff.gate.set()
    setting.ast_grep.gate.set()
    await setting.analyze(a_command(older.subject, attempt=2, sequence=5))
    with pytest.raises(ConcurrentUpdate):
        await overtaken
    assert setting.told() == ["review_started", "review_started", "review_completed"]
    assert setting.last()["attempt"] == 2


async def test_a_job_stopped_before_its_analysis_asks_nobody() -> None:
    setting, command = Setting(), a_command(sequence=3)
    await setting.stop(command.subject.job_id, sequence=4)
    review = await setting.analyze(command)
    assert (review.status, setting.asked) == (Status.STOPPED, (0, 0, 0))


class StoppedWhileFetching(MemoryChangeSets):
    """A newer head arrives while the change set is on its way."""

    def __init__(self, setting: Setting, command: AnalyzePullRequest) -> None:
        super().__init__(a_change_set())
        self._setting = setting
        self._command = command

    async def get(self, change_set_id: str) -> ChangeSet:
        job_id, sequence = self._command.subject.job_id, self._command.sequence
        await self._setting.stop(job_id, sequence=sequence + 1)
        return await super().get(change_set_id)


async def test_a_stop_after_the_fetch_publishes_nothing() -> None:
    setting, command = Setting(), a_command()
    setting.change_sets = StoppedWhileFetching(setting, command)
    review = await setting.analyze(command)
    assert (review.status, setting.asked) == (Status.STOPPED, (1, 0, 0))
    assert setting.told() == ["review_started"]


async def test_a_stop_between_analyzers_ends_the_other_and_publishes_nothing() -> None:
    setting, command = Setting(), a_command()
    setting.ruff.gate.clear()
    setting.ast_grep.gate.clear()
    working = asyncio.create_task(setting.analyze(command))
    async with asyncio.timeout(SECONDS):
        await setting.ast_grep.begun.wait()
    await setting.stop(command.subject.job_id, sequence=command.sequence + 1)
    setting.ruff.gate.set()
    review = await working
    assert (review.status, review.result) == (Status.STOPPED, None)
    assert setting.ast_grep.cancelled == 1
    assert setting.told() == ["review_started"]


async def test_a_stopped_review_stays_so_when_its_command_comes_again() -> None:
    setting, command = Setting(), a_command()
    await setting.stop(command.subject.job_id, sequence=command.sequence + 1)
    await setting.analyze(command)
    assert (await setting.analyze(command)).status is Status.STOPPED
    assert setting.asked == (0, 0, 0)


async def test_a_stop_does_not_hold_for_a_command_given_after_it() -> None:
    setting, command = Setting(), a_command(sequence=5)
    await setting.stop(command.subject.job_id, sequence=4)
    assert (await setting.analyze(command)).status is Status.COMPLETE
