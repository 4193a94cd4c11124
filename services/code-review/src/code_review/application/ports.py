"""Every port of the service."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from code_review.domain.change_set import ChangeSet
from code_review.domain.finding import Finding
from code_review.domain.review import Failure, JobId, Review
from code_review.domain.source_file import SourceFile

Now: TypeAlias = Callable[[], datetime]
# Seconds of a clock that only goes forward.
Clock: TypeAlias = Callable[[], float]


class AnalyzerFailed(Exception):
    """The analyzer did not run to its end; the message says why, without any of the code."""


class ChangeSetUnavailable(Exception):
    """The change set cannot be had now, or ever; the failure's class says which."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class ConcurrentUpdate(Exception):
    """Somebody else saved the review since it was read."""


class Analyzer(Protocol):
    """One deterministic source of findings."""

    @property
    def name(self) -> str: ...

    def reads(self, path: str) -> bool:
        """Whether files of this name are of a kind it can say something about."""
        ...

    async def analyze(self, files: Sequence[SourceFile]) -> list[Finding]:
        """All it finds in these files, on changed lines or not; ignore files it cannot read.

        Raise AnalyzerFailed when it crashed, took too long, or its output made no sense.
        """
        ...


class Functions(Protocol):
    """Where functions and methods are."""

    async def of(self, files: Sequence[SourceFile]) -> Mapping[str, Sequence[range]]:
        """Their lines by path, 1-based and in order; files it cannot read are absent.

        Raise AnalyzerFailed as an Analyzer does.
        """
        ...


class ChangeSets(Protocol):
    async def get(self, change_set_id: str) -> ChangeSet:
        """Raise ChangeSetUnavailable."""
        ...


class Reviews(Protocol):
    async def get(self, job_id: JobId) -> Review | None: ...

    async def save(self, review: Review) -> None:
        """Store it with the messages its events make; raise ConcurrentUpdate."""
        ...


class Stops(Protocol):
    """Jobs whose analysis nobody waits for; said at a point of the job's own sequence of events."""

    async def add(self, job_id: JobId, *, sequence: int, at: datetime) -> None: ...

    async def after(self, job_id: JobId, *, sequence: int) -> bool:
        """Whether the job was stopped later than the command of this sequence was given."""
        ...
