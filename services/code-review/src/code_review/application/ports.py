"""Every port of the service."""

from collections.abc import Sequence
from typing import Protocol

from code_review.domain.finding import Finding
from code_review.domain.source_file import SourceFile


class AnalyzerFailed(Exception):
    """The analyzer did not run to its end; the message says why, without any of the code."""


class Analyzer(Protocol):
    """One deterministic source of findings."""

    @property
    def name(self) -> str: ...

    async def analyze(self, files: Sequence[SourceFile]) -> list[Finding]:
        """All it finds in these files, on changed lines or not; ignore files it cannot read.

        Raise AnalyzerFailed when it crashed, took too long, or its output made no sense.
        """
        ...
