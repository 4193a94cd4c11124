"""How the changed parts of a file are shown."""

from collections.abc import Sequence

import pytest
from code_review.domain.diff import Hunk, RemovedLines
from code_review.domain.excerpts import (
    AROUND,
    MOST_FUNCTION_LINES,
    MOST_REMOVED,
    Layout,
    Row,
    split,
    text_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def a_hunk(
    *added: int, start: int, end: int, removed: dict[int, tuple[str, ...]] | None = None
) -> Hunk:
    gone = tuple(RemovedLines(before=each, text=text) for each, text in (removed or {}).items())
    return Hunk(start=start, end=end, added=frozenset(added), removed=gone)


def numbered(count: int) -> str:
    return "".join(f"line {number}\n" for number in range(1, count + 1))


def rows_of(content: str, hunks: Sequence[Hunk], functions: Sequence[range]) -> list[Row]:
    layout = Layout.of(content, hunks, functions)
    return layout.rows() if layout else []


def shown(content: str, *hunks: Hunk, functions: tuple[range, ...] = ()) -> str:
    return text_of(rows_of(content, hunks, functions))


def lines_shown(text: str) -> list[int]:
    return [int(line[:6]) for line in text.split("\n") if line[:6].strip()]


def test_a_line_is_shown_with_its_number_and_what_became_of_it() -> None:
    hunk = a_hunk(2, 3, start=1, end=4, removed={2: ("old 2",), 5: ("old 4", "")})
    assert shown("one\ntwo\nthree\nfour\n", hunk) == (
        "     1   one\n"
        "       - old 2\n"
        "     2 + two\n"
        "     3 + three\n"
        "     4   four\n"
        "       - old 4\n"
        "       - "
    )


def test_what_was_removed_before_the_first_line_is_shown_before_it() -> None:
    assert shown("one\n", a_hunk(start=1, end=1, removed={1: ("zero",)})) == (
        "       - zero\n     1   one"
    )


def test_a_change_is_shown_with_its_function_and_what_leads_it_in() -> None:
    content = "import a\n\n# Adds.\n@cached\ndef f():\n" + "    x\n" * 50 + "y\n" * 50
    text = shown(content, a_hunk(30, start=27, end=33), functions=(range(5, 56),))
    assert lines_shown(text) == list(range(3, 56))


def test_lines_that_lead_a_function_in_belong_to_it() -> None:
    content = "x\n" * 30 + "@cached\ndef f():\n" + "    x\n" * 60
    text = shown(content, a_hunk(31, start=28, end=34), functions=(range(32, 93),))
    assert lines_shown(text) == list(range(28, 93))


def test_a_change_in_no_function_is_shown_with_lines_around_it() -> None:
    text = shown(numbered(200), a_hunk(100, start=97, end=103), functions=(range(1, 90),))
    assert lines_shown(text) == list(range(100 - AROUND, 101 + AROUND))


def test_of_a_long_function_the_first_line_and_what_is_around_the_change_are_shown() -> None:
    long = (range(10, 11 + MOST_FUNCTION_LINES), range(1, 900))
    text = shown(numbered(1000), a_hunk(100, start=97, end=103), functions=long)
    assert lines_shown(text) == [10, *range(100 - AROUND, 101 + AROUND)]
    assert text.startswith("    10   line 10\n       ...\n    80   line 80\n")
    after = shown(numbered(1000), a_hunk(300, start=297, end=303), functions=long)
    assert lines_shown(after)[0] == 1


def test_the_function_shown_is_the_outermost_that_can_be_shown_whole() -> None:
    nested = (range(40, 50), range(20, 20 + MOST_FUNCTION_LINES), range(1, 500), range(42, 44))
    text = shown(numbered(600), a_hunk(43, start=42, end=44), functions=nested)
    assert lines_shown(text) == list(range(20, 20 + MOST_FUNCTION_LINES))


def test_a_hunk_over_two_functions_is_shown_with_both() -> None:
    functions = (range(10, 40), range(40, 70))
    text = shown(numbered(200), a_hunk(39, 40, 41, start=36, end=44), functions=functions)
    assert lines_shown(text) == list(range(10, 70))


def test_a_deletion_is_shown_with_the_function_it_was_in() -> None:
    hunk = a_hunk(start=37, end=39, removed={40: ("    return 1",)})
    text = shown(numbered(200), hunk, functions=(range(10, 40),))
    assert lines_shown(text) == list(range(10, 40))
    assert text.endswith("    39   line 39\n       -     return 1")


def test_sections_near_to_each_other_are_one() -> None:
    near = (a_hunk(1, start=1, end=1), a_hunk(45, start=45, end=45))
    assert "..." not in shown(numbered(90), *near)
    far = (a_hunk(1, start=1, end=1), a_hunk(46, start=46, end=46))
    assert shown(numbered(90), *far).count("       ...\n") == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\rb\nc", ["a\\rb", "c"]),
        ("a\x0cb\x1b[2J\u2028c\x85d\n", ["a\\fb\\u001b[2J\\u2028c\\u0085d"]),
        ("\ufeffa\n", ["a"]),
        ("if admin\u202e \u2066:\u200b\n", ["if admin\\u202e \\u2066:\\u200b"]),
        ("\ud800\U000e0041\n", ["\\ud800\\udb40\\udc41"]),
        ("\tété 漢字 😀\n", ["\tété 漢字 😀"]),
        ("x" * 500 + "\n" + "x" * 501, ["x" * 500, "x" * 500 + " …[cut]"]),
        ("\0" * 100_000, ["\\u0000" * 83 + "\\u" + " …[cut]"]),
        ("\n\n", ["", ""]),
    ],
    ids=[
        *("windows", "old mac", "controls", "mark", "trojan source", "surrogates and tags"),
        *("other scripts", "long", "long when visible", "empty"),
    ],
)
def test_every_line_is_one_line_with_nothing_invisible(content: str, expected: list[str]) -> None:
    hunk = a_hunk(start=1, end=len(expected), removed={1: (content.split("\n")[0],)})
    text = shown(content, hunk)
    assert [line[9:] for line in text.split("\n")][1:] == expected
    assert text.split("\n")[0].removeprefix("       - ").removeprefix("\\ufeff") == expected[0]


def test_of_many_removed_lines_the_first_are_shown_and_the_rest_counted() -> None:
    gone = tuple(f"old {number}" for number in range(1, MOST_REMOVED + 8))
    text = shown("one\n", a_hunk(start=1, end=1, removed={1: gone}))
    assert text.count("       - old ") == MOST_REMOVED
    assert "\n       - …[7 more removed lines]\n     1   one" in text


def test_a_diff_of_another_text_shows_nothing_because_its_numbers_would_mislead() -> None:
    assert shown("one\ntwo\n", a_hunk(1, start=1, end=3)) == ""
    assert shown("", a_hunk(1, start=1, end=1)) == ""
    assert lines_shown(shown("1\n2", a_hunk(1, start=1, end=2), functions=(range(1, 9),))) == [1, 2]


def test_a_cut_is_between_sections_or_before_a_function() -> None:
    content = numbered(100)
    hunks = (a_hunk(2, 12, start=1, end=24), a_hunk(95, start=95, end=95))
    rows = rows_of(content, hunks, (range(1, 10), range(12, 22)))
    parts = [lines_shown(text_of(part)) for part in split(rows, len(text_of(rows)) - 1)]
    assert parts == [list(range(1, 25)), list(range(75, 101))]
    first = rows[:24]
    parts = [lines_shown(text_of(part)) for part in split(first, len(text_of(first)) - 1)]
    assert parts == [list(range(1, 12)), list(range(12, 25))]


@settings(deadline=None)
@given(
    lines=st.lists(
        st.sampled_from(["", "x", "longer " * 5, "é" * 9, "x\r", "z" * 900]),
        min_size=1,
        max_size=60,
    ),
    changed=st.sets(st.integers(1, 60)),
    functions=st.lists(
        st.builds(lambda at, size: range(at, at + size), st.integers(1, 60), st.integers(1, 30))
    ),
    most=st.integers(1, 400),
)
def test_parts_are_the_whole_and_no_larger_than_allowed(
    lines: list[str], changed: set[int], functions: list[range], most: int
) -> None:
    hunks = [a_hunk(each, start=each, end=each) for each in sorted(changed) if each <= len(lines)]
    rows = rows_of("\n".join(lines), hunks, functions)
    parts = [list(part) for part in split(rows, most)]
    assert [row for part in parts for row in part] == rows
    layout = Layout.of("\n".join(lines), hunks, functions)
    assert layout is None or layout.least_bytes() <= len(text_of(rows).encode())
    assert all(parts)
    assert all(len(part) == 1 or len(text_of(part).encode()) <= most for part in parts)
