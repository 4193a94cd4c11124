"""The changed parts of a file, line by line, as a model is shown them."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from code_review.domain.diff import Hunk
from code_review.domain.visible_text import CUT, MOST_OF_A_LINE, shown_line

# Of a longer function only what is around the change: too much else hides it.
MOST_FUNCTION_LINES = 120
# Of a file of so few lines that is shown whole: data in long lines is not worth its price.
MOST_WHOLE_CHARACTERS = 8_000
AROUND = 20
# Of removed lines in a row; more of them say little about what stands there now.
MOST_REMOVED = 80
SEPARATOR = "       ..."
_SEPARATOR_BYTES = len(f"{SEPARATOR}\n")
# Sections as near as that to each other cost less as one.
_NEAR = 3
# How lines begin that belong to the function below them: decorators, attributes, comments.
_LEADING = ("@", "#", "//", "/*", "*", "[")
_MOST_LEADING = 5
# Its number, its sign and spaces are nine, and one is for a carriage return that is not shown.
_LEAST_BEFORE_A_LINE = 8


@dataclass(frozen=True, slots=True)
class _Row:
    """`section` counts the parts of the file; `begins_function` also where a section goes on."""

    text: str
    section: int
    begins_function: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Which lines of a file are shown; before they are, how much that is can be told cheaply."""

    lines: Sequence[str]
    sections: Sequence[range]
    begins: frozenset[int]
    added: frozenset[int]
    removed: Mapping[int, Sequence[str]]

    @classmethod
    def of(cls, content: str, hunks: Sequence[Hunk], functions: Sequence[range]) -> Self | None:
        """The hunks, each with the function around it or else some lines; None if not its hunks.

        A small file, no longer than a function may be, is shown whole.
        """
        # By line feeds alone, as Git counts; after the last there is no line.
        lines = content.removeprefix("\ufeff").removesuffix("\n").split("\n") if content else []
        if any(hunk.end > len(lines) for hunk in hunks):
            return None
        whole = _whole_functions(functions, lines)
        wanted = [range(hunk.start, hunk.end + 1) for hunk in hunks]
        if len(lines) <= MOST_FUNCTION_LINES and len(content) <= MOST_WHOLE_CHARACTERS:
            wanted.append(range(1, len(lines) + 1))
        wanted += _around(_anchors(hunks), whole, functions)
        return cls(
            lines=lines,
            sections=_sections(wanted, len(lines)),
            begins=frozenset(function.start for function in whole),
            added=frozenset().union(*(hunk.added for hunk in hunks)),
            removed={each.before: each.text for hunk in hunks for each in hunk.removed},
        )

    def cuts_an_added_line(self) -> bool:
        """Whether the end of one is not shown: anything could stand there."""
        added = (shown_line(self.lines[number - 1]) for number in self.added)
        return any(line.endswith(CUT) for line in added)

    def least_bytes(self) -> int:
        """Its text has no fewer: to be visible, and to be marked as cut, makes lines longer."""
        return sum(
            _LEAST_BEFORE_A_LINE + min(len(line), MOST_OF_A_LINE)
            for section in self.sections
            for line in self.lines[section.start - 1 : section.stop - 1]
        )

    def parts(self, most_bytes: int) -> Iterator[str]:
        """No larger if no line is; cut between sections or before functions where possible.

        Where a part does not begin or end as the file does, a separator says so.
        """
        rows = self._rows()
        if not rows:
            return
        # Each part has room for a separator before it and one after it.
        cuts = [0, *_cuts(rows, most_bytes - 2 * _SEPARATOR_BYTES), len(rows)]
        for start, stop in pairwise(cuts):
            at_begin = start == 0 and self.sections[0].start == 1
            at_end = stop == len(rows) and self.sections[-1].stop > len(self.lines)
            before, after = [SEPARATOR] * (not at_begin), [SEPARATOR] * (not at_end)
            yield "\n".join([*before, *_texts(rows[start:stop]), *after])

    def _rows(self) -> list[_Row]:
        rows: list[_Row] = []
        for index, section in enumerate(self.sections):
            for number in section:
                rows += self._removed_before(number, index)
                sign = "+" if number in self.added else " "
                text = f"{number:>6} {sign} {shown_line(self.lines[number - 1])}"
                rows.append(_Row(text, index, number in self.begins))
            rows += self._removed_before(section.stop, index)
        return rows

    def _removed_before(self, number: int, section: int) -> list[_Row]:
        text = self.removed.get(number, ())
        rows = [_Row(f"       - {shown_line(line)}", section) for line in text[:MOST_REMOVED]]
        if len(text) > MOST_REMOVED:
            rows.append(_Row(f"       - …[{len(text) - MOST_REMOVED} more removed lines]", section))
        return rows


def _texts(rows: Sequence[_Row]) -> Iterator[str]:
    yield rows[0].text
    for one, other in pairwise(rows):
        if one.section != other.section:
            yield SEPARATOR
        yield other.text


def _cuts(rows: Sequence[_Row], most_bytes: int) -> Iterator[int]:
    """Where parts begin that are no larger, after the first; a larger row is one of its own."""
    start, size, border, at = 0, 0, 0, 0
    while at < len(rows):
        begins_section = at > start and rows[at].section != rows[at - 1].section
        if begins_section or rows[at].begins_function:
            border = at
        cost = len(f"{rows[at].text}\n".encode()) + begins_section * _SEPARATOR_BYTES
        # The last line feed of a part is not in its text.
        if size + cost - 1 > most_bytes and at > start:
            start = at = border if border > start else at
            size = 0
            yield start
        else:
            size += cost
            at += 1


def _anchors(hunks: Iterable[Hunk]) -> list[int]:
    """The lines of each change that what is around it depends on: its first and its last."""
    changed: set[int] = set()
    for hunk in hunks:
        changed |= hunk.added
        changed |= {min(each.before, hunk.end) for each in hunk.removed}
    return sorted(line for line in changed if not {line - 1, line + 1} <= changed)


def _whole_functions(functions: Iterable[range], lines: Sequence[str]) -> list[range]:
    """Those short enough to be shown whole and in no other such: a callback alone says little."""
    kept: list[range] = []
    for function in sorted(functions, key=_outer_first):
        nested = kept and function.stop <= kept[-1].stop
        if len(function) <= MOST_FUNCTION_LINES and not nested:
            kept.append(function)
    return [range(_lead(each.start, lines), each.stop) for each in kept]


def _outer_first(function: range) -> tuple[int, int]:
    return function.start, -function.stop


def _lead(start: int, lines: Sequence[str]) -> int:
    first = start
    while first > max(1, start - _MOST_LEADING) and (
        lines[first - 2 : first - 1] and lines[first - 2].lstrip().startswith(_LEADING)
    ):
        first -= 1
    return first


def _around(
    anchors: Iterable[int], whole: Sequence[range], functions: Iterable[range]
) -> Iterator[range]:
    """The function around each line; or lines around it, with the first line of a longer one."""
    starts = [function.start for function in whole]
    long = sorted((each for each in functions if len(each) > MOST_FUNCTION_LINES), key=_outer_first)
    entered: list[range] = []
    ahead = 0
    for line in anchors:
        last = bisect_right(starts, line) - 1
        if last >= 0 and line in whole[last]:
            yield whole[last]
            continue
        yield range(line - AROUND, line + AROUND + 1)
        while ahead < len(long) and long[ahead].start <= line:
            entered.append(long[ahead])
            ahead += 1
        while entered and entered[-1].stop <= line:
            entered.pop()
        if entered:
            yield range(entered[-1].start, entered[-1].start + 1)


def _sections(wanted: Iterable[range], lines: int) -> list[range]:
    """In order and apart from each other, within a file of so many lines."""
    found: list[range] = []
    for each in sorted(wanted, key=lambda one: one.start):
        section = range(max(1, each.start), min(lines + 1, each.stop))
        if not section:
            continue
        if found and section.start <= found[-1].stop + _NEAR:
            found[-1] = range(found[-1].start, max(found[-1].stop, section.stop))
        else:
            found.append(section)
    return found
