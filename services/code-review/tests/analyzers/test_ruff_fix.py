"""Edits of Ruff as replacements of whole lines."""

import pytest
from code_review.infrastructure.analyzers.ruff_fix import Edit, LineFix, Position, as_lines


def an_edit(start: tuple[int, int], end: tuple[int, int], content: str = "") -> Edit:
    return Edit(
        content=content,
        location=Position(row=start[0], column=start[1]),
        end_location=Position(row=end[0], column=end[1]),
    )


@pytest.mark.parametrize(
    ("content", "edits", "fix"),
    [
        ("a\nb\nc\n", [an_edit((2, 1), (3, 1))], LineFix(2, 2, "")),
        ("a\nb", [an_edit((2, 1), (2, 2))], LineFix(2, 2, "")),
        ("a\nb", [an_edit((1, 2), (2, 2))], LineFix(2, 2, "")),
        ("a = 1\n", [an_edit((1, 5), (1, 6), "2")], LineFix(1, 1, "a = 2")),
        ("\té😀x\r\nb\r\n", [an_edit((1, 4), (1, 5), "y")], LineFix(1, 1, "\té😀y")),
        ("a\r\nb\r\nc\r\n", [an_edit((1, 1), (2, 2), "x\r\ny")], LineFix(1, 2, "x\ny")),
        ("a\nb\n", [an_edit((2, 1), (2, 1), "new\n")], LineFix(2, 2, "new\nb")),
        ("a\nb\nc\nd\n", [an_edit((1, 1), (4, 1), "a\nX\nc\n")], LineFix(2, 2, "X")),
        (
            "a, b\nc\nd, e\n",
            [an_edit((1, 2), (1, 5)), an_edit((3, 1), (3, 4))],
            LineFix(1, 3, "a\nc\ne"),
        ),
    ],
    ids=[
        "a line goes",
        "the last line goes, without an end",
        "the last line goes, from the end of the one before",
        "a part of a line",
        "columns are characters",
        "lines of the replacement end plainly",
        "an insertion is said with the line after it",
        "lines that stay are left out",
        "two edits are one replacement",
    ],
)
def test_edits_become_the_lines_they_leave(content: str, edits: list[Edit], fix: LineFix) -> None:
    assert as_lines(content, edits) == fix


@pytest.mark.parametrize(
    ("content", "edits"),
    [
        ("a\n", [an_edit((2, 1), (2, 1), "b\n")]),
        ("a\nb\n", [an_edit((1, 2), (2, 1))]),
        ("a\nb\n", [an_edit((1, 1), (1, 2))]),
        ("a\n", [an_edit((1, 1), (1, 2), "a")]),
        ("a\n", [an_edit((1, 1), (9, 1))]),
    ],
    ids=[
        "a line past the last",
        "the line after is pulled up",
        "a blank line would stay",
        "nothing changes",
        "lines that are not there",
    ],
)
def test_no_replacement_where_lines_cannot_say_it(content: str, edits: list[Edit]) -> None:
    assert as_lines(content, edits) is None
