"""The review of one job: how far it got, what it found, and how it ended."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType, Self, TypeAlias
from uuid import UUID, uuid5

from code_review.domain.analysis import Analysis, Outcome
from code_review.domain.finding import Finding
from code_review.domain.model_review import ModelReview

JobId = NewType("JobId", UUID)
ReviewId = NewType("ReviewId", UUID)
_NAMESPACE = UUID("6f8a1f3e-5d0c-4b1e-9c53-0d5d6a3c2f10")


class IllegalTransition(Exception):
    """The review is not at the point where this can happen to it."""


class Status(StrEnum):
    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    STOPPED = "stopped"


class ErrorClass(StrEnum):
    """What alone decides about another try; see the contract's Failure."""

    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    error_class: ErrorClass
    reason: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is told to people."""

    summary: str
    comments: tuple[Finding, ...]
    listed: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is reviewed."""

    job_id: JobId
    organization_id: UUID
    repository_id: UUID
    repository_full_name: str
    pull_request_number: int
    head_sha: str
    change_set_id: str


@dataclass(frozen=True, slots=True)
class ReviewStarted:
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewEnded:
    """With a result, complete or partial."""

    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewFailed:
    failure: Failure
    at: datetime


ReviewEvent: TypeAlias = ReviewStarted | ReviewEnded | ReviewFailed


def review_id(job_id: JobId) -> ReviewId:
    """One review per job, so that a message that comes again finds it."""
    return ReviewId(uuid5(_NAMESPACE, str(job_id)))


@dataclass(slots=True, kw_only=True, eq=False)
class Review:
    subject: Subject
    attempt: int
    status: Status
    created_at: datetime
    updated_at: datetime
    timings: dict[str, float] = field(default_factory=dict)  # milliseconds by stage
    analysis: Analysis | None = None
    result: Result | None = None
    failure: Failure | None = None
    revision: int = 0
    events: list[ReviewEvent] = field(default_factory=list, repr=False)

    @property
    def id(self) -> ReviewId:
        return review_id(self.subject.job_id)

    @classmethod
    def begin(cls, subject: Subject, *, attempt: int, now: datetime) -> Self:
        review = cls(
            subject=subject,
            attempt=attempt,
            status=Status.RUNNING,
            created_at=now,
            updated_at=now,
        )
        review.events.append(ReviewStarted(at=now))
        return review

    def take_up(self, *, attempt: int, now: datetime) -> bool:
        """Whether this attempt has work to do; a newer one goes on after the checkpoint."""
        if attempt < self.attempt:
            return False
        if attempt == self.attempt:
            return self.status is Status.RUNNING
        self.attempt = attempt
        self.status = Status.RUNNING
        self.analysis = self.analysis.to_go_on_with() if self.analysis else None
        self.result = None
        self.failure = None
        self.updated_at = now
        self.events.append(ReviewStarted(at=now))
        return True

    def begin_analysis(self, analysis: Analysis, now: datetime) -> None:
        """What there is to look at; what was said about it before stays."""
        self._move(now)
        if self.analysis is not None:
            before = self.analysis
            analysis = replace(analysis, outcomes=before.outcomes, model_review=before.model_review)
        self.analysis = analysis

    def checkpoint(self, analyzer: str, outcome: Outcome, now: datetime) -> None:
        self._move(now)
        self.analysis = self._analysis().with_outcome(analyzer, outcome)

    def checkpoint_model(self, model_review: ModelReview, now: datetime) -> None:
        self._move(now)
        self.analysis = replace(self._analysis(), model_review=model_review)

    def end(self, result: Result, now: datetime) -> None:
        """Complete only when nothing is missing."""
        self._move(now)
        self.result = result
        self.status = Status.PARTIAL if self._analysis().missing else Status.COMPLETE
        self.events.append(ReviewEnded(at=now))

    def fail(self, failure: Failure, now: datetime) -> None:
        self._move(now)
        self.failure = failure
        self.status = Status.FAILED
        self.events.append(ReviewFailed(failure=failure, at=now))

    def stop(self, now: datetime) -> None:
        """Nobody waits for it any more, so nobody is told."""
        self._move(now)
        self.status = Status.STOPPED

    def _move(self, now: datetime) -> None:
        if self.status is not Status.RUNNING:
            raise IllegalTransition(f"review {self.id} is {self.status}, not running")
        self.updated_at = now

    def _analysis(self) -> Analysis:
        if self.analysis is None:
            raise IllegalTransition(f"review {self.id} has looked at nothing yet")
        return self.analysis
