"""What a pull request changed, line by line, as far as the new side of each file goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedLines:
    """Old lines that stood before line `before` of the new file, which may be one past a hunk."""

    before: int
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Lines `start`..`end` (1-based, context included) of the new file; it wrote those `added`."""

    start: int
    end: int
    added: frozenset[int]
    removed: tuple[RemovedLines, ...] = ()

    def covers(self, start: int, end: int) -> bool:
        return self.start <= start and end <= self.end

    def touched(self) -> frozenset[int]:
        beside = {line for each in self.removed for line in (each.before - 1, each.before)}
        return self.added | {line for line in beside if self.covers(line, line)}


@dataclass(frozen=True, slots=True)
class Diff:
    """The hunks of each file that has a new side."""

    hunks: Mapping[str, tuple[Hunk, ...]] = field(default_factory=dict)

    def added_lines(self, path: str) -> frozenset[int]:
        return frozenset().union(*(hunk.added for hunk in self.hunks.get(path, ())))

    def touched_lines(self, path: str) -> frozenset[int]:
        """Those added, and those beside a removal, which has no line of its own to speak about."""
        return frozenset().union(*(hunk.touched() for hunk in self.hunks.get(path, ())))

    def hunk_with(self, path: str, start: int, end: int) -> Hunk | None:
        """The hunk that the whole range is in; a comment cannot span two."""
        found = (hunk for hunk in self.hunks.get(path, ()) if hunk.covers(start, end))
        return next(found, None)
