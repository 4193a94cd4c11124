"""A problem on some lines of a file, and how much it matters."""

from dataclasses import dataclass
from enum import StrEnum

# What `Finding.analyzer` is where a language model found it.
MODEL = "model"


class Severity(StrEnum):
    """From worst to least; the order of the members is the order of ranking."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Category(StrEnum):
    BUG = "bug"
    SECURITY = "security"
    PERFORMANCE = "performance"
    RELIABILITY = "reliability"
    MAINTAINABILITY = "maintainability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one source says about lines `start_line`..`end_line` (1-based) of the head's file.

    `replacement` is the text of exactly those lines after the fix, without a trailing newline;
    empty text deletes them. `source` is `<analyzer>:<rule>`. `confidence` is between 0 and 1.
    `fingerprint` is the same for the same problem wherever its lines move; selection gives it.
    """

    path: str
    start_line: int
    end_line: int
    severity: Severity
    category: Category
    title: str
    explanation: str
    source: str
    confidence: float = 1.0
    replacement: str | None = None
    fingerprint: str = ""

    @property
    def analyzer(self) -> str:
        return self.source.partition(":")[0]

    def overlaps(self, other: "Finding") -> bool:
        same_file = self.path == other.path
        return same_file and self.start_line <= other.end_line and other.start_line <= self.end_line
