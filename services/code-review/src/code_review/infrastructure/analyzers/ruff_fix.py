"""A fix of Ruff as the replacement of whole lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel


class Position(BaseModel):
    """1-based; columns count characters, a tab and an emoji being one each."""

    row: int
    column: int


class Edit(BaseModel):
    content: str
    location: Position
    end_location: Position


@dataclass(frozen=True, slots=True)
class LineFix:
    """What lines `start`..`end` (1-based) become: no line at all where `text` is empty."""

    start: int
    end: int
    text: str


def as_lines(content: str, edits: Sequence[Edit]) -> LineFix | None:
    """Nothing where the edits cannot be said as a replacement of lines that exist.

    Lines of the replacement end in a plain newline, whatever the file's lines end in.
    """
    lines = content.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    first = min(edit.location.row for edit in edits)
    last = max(edit.end_location.row for edit in edits)
    # An end before the first character of a line leaves that line as it was.
    if last > first and all(
        e.end_location.column == 1 for e in edits if e.end_location.row == last
    ):
        last -= 1
    if first < 1 or last > len(lines) or starts[first - 1] >= len(content):
        return None
    region_start, region_end = starts[first - 1], min(starts[last], len(content))
    new = content[region_start:region_end]
    for edit in sorted(edits, key=lambda edit: _key(edit.location), reverse=True):
        begin = starts[edit.location.row - 1] + edit.location.column - 1 - region_start
        end = starts[edit.end_location.row - 1] + edit.end_location.column - 1 - region_start
        new = new[:begin] + edit.content + new[end:]
    if new and not new.endswith("\n") and region_end < len(content):
        return None  # the edit pulls up the line after, which it does not name
    return _trimmed(first, _split(content[region_start:region_end]), _split(new))


def _key(position: Position) -> tuple[int, int]:
    return position.row, position.column


def _split(text: str) -> list[str]:
    """Lines without their ends; no line where there is no text."""
    if not text:
        return []
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _trimmed(first: int, old: list[str], new: list[str]) -> LineFix | None:
    """Without the lines at both ends that stay as they are, so that it touches no line in vain."""
    while len(old) > 1 and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    while len(old) > 1 and new and old[0] == new[0]:
        first, old, new = first + 1, old[1:], new[1:]
    if old == new or new == [""]:
        return None  # an empty text would say that the line goes, and here a blank line stays
    return LineFix(first, first + len(old) - 1, "\n".join(new))
