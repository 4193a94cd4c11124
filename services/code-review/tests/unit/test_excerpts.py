"""How the changed parts of a file are shown."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from code_review.domain.diff import Hunk, RemovedLines
from code_review.domain.excerpts import (
    AROUND,
    MOST_FUNCTION_LINES,
    MOST_REMOVED,
    SEPARATOR,
    Layout,
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


def parts(
    content: str, *hunks: Hunk, functions: Sequence[range] = (), most_bytes: int
) -> list[str]:
    layout = Layout.of(content, hunks, functions)
    return list(layout.parts(most_bytes)) if layout else []


def shown(content: str, *hunks: Hunk, functions: Sequence[range] = ()) -> str:
    return "".join(parts(content, *hunks, functions=functions, most_bytes=10**9))


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
    content = "import a\n\n# Adds.\n@cached\ndef f():\n" + "    x\n" * 50 + "y\n" * 99
    text = shown(content, a_hunk(30, start=27, end=33), functions=(range(5, 56),))
    assert lines_shown(text) == list(range(3, 56))


def test_lines_that_lead_a_function_in_belong_to_it() -> None:
    content = "x\n" * 30 + "@cached\ndef f():\n" + "    x\n" * 99
    text = shown(content, a_hunk(31, start=28, end=34), functions=(range(32, 132),))
    assert lines_shown(text) == list(range(28, 132))


def test_a_change_in_no_function_is_shown_with_lines_around_it() -> None:
    text = shown(numbered(200), a_hunk(100, start=97, end=103), functions=(range(1, 90),))
    assert lines_shown(text) == list(range(100 - AROUND, 101 + AROUND))


def test_of_a_long_function_the_first_line_and_what_is_around_the_change_are_shown() -> None:
    long = (range(10, 11 + MOST_FUNCTION_LINES), range(1, 900))
    text = shown(numbered(1000), a_hunk(100, start=97, end=103), functions=long)
    assert lines_shown(text) == [10, *range(100 - AROUND, 101 + AROUND)]
    assert text.startswith("       ...\n    10   line 10\n       ...\n    80   line 80\n")
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
    assert text.endswith("    39   line 39\n       -     return 1\n       ...")


def test_sections_near_to_each_other_are_one() -> None:
    near = (a_hunk(1, start=1, end=1), a_hunk(45, start=45, end=45))
    assert lines_shown(shown(numbered(200), *near)) == list(range(1, 66))
    far = (a_hunk(1, start=1, end=1), a_hunk(46, start=46, end=46))
    text = shown(numbered(200), *far)
    assert lines_shown(text) == [*range(1, 22), *range(26, 67)]
    assert "    21   line 21\n       ...\n    26   line 26\n" in text


def test_a_file_of_few_and_long_lines_is_not_shown_whole() -> None:
    content = "x = '" + "0" * 200 + "'\n"
    text = shown(content * 100, a_hunk(50, start=50, end=50))
    assert lines_shown(text) == list(range(30, 71))


def test_a_file_no_longer_than_a_function_may_be_is_shown_whole() -> None:
    hunk = a_hunk(3, start=1, end=6)
    text = shown(numbered(MOST_FUNCTION_LINES), hunk, functions=(range(2, 9),))
    assert lines_shown(text) == list(range(1, MOST_FUNCTION_LINES + 1))
    assert SEPARATOR not in text
    longer = shown(numbered(MOST_FUNCTION_LINES + 1), hunk, functions=(range(2, 9),))
    assert lines_shown(longer) == list(range(1, 9))


@pytest.mark.parametrize(
    ("line", "begin", "end"),
    [
        (1, "     1 + line 1\n", "\n    21   line 21\n       ..."),
        (22, "       ...\n     2   line 2\n", "\n    42   line 42\n       ..."),
        (179, "       ...\n   159   line 159\n", "\n   199   line 199\n       ..."),
        (200, "       ...\n   180   line 180\n", "\n   200 + line 200"),
    ],
)
def test_a_separator_says_that_the_file_begins_earlier_or_goes_on(
    line: int, begin: str, end: str
) -> None:
    text = shown(numbered(200), a_hunk(line, start=line, end=line))
    assert text.startswith(begin)
    assert text.endswith(end)


def test_lines_removed_at_an_end_of_the_file_are_no_more_of_it() -> None:
    first = a_hunk(start=1, end=1, removed={1: ("old",)})
    last = a_hunk(start=200, end=200, removed={201: ("old",)})
    text = shown(numbered(200), first, last)
    assert text.startswith("       - old\n     1   line 1\n")
    assert text.endswith("\n   200   line 200\n       - old")


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
        ("x" * 2000 + "\n" + "x" * 2001, ["x" * 2000, "x" * 2000 + " …[cut]"]),
        ("\0" * 100_000, ["\\u0000" * 333 + "\\u" + " …[cut]"]),
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
    change = a_hunk(2, 12, start=1, end=24)
    functions = (range(1, 10), range(12, 22))
    for content, hunks, expected in (
        (numbered(200), (change, a_hunk(95, start=95, end=95)), [range(1, 25), range(75, 116)]),
        (numbered(24), (change,), [range(1, 12), range(12, 25)]),
    ):
        most = len(shown(content, *hunks, functions=functions)) - 1
        found = parts(content, *hunks, functions=functions, most_bytes=most)
        assert [lines_shown(part) for part in found] == [list(each) for each in expected]


def test_a_separator_says_where_a_part_does_not_begin_or_end_as_the_file_does() -> None:
    assert parts("one\ntwo\nsix\n", a_hunk(1, start=1, end=3), most_bytes=40) == [
        "     1 + one\n       ...",
        "       ...\n     2   two\n       ...",
        "       ...\n     3   six",
    ]


def test_a_part_has_lines_and_between_sections_one_separator() -> None:
    """Also where each line is larger than a part, and where a function begins a section."""
    hunks = (a_hunk(2, start=2, end=2), a_hunk(100, start=100, end=100))
    functions = (range(2, 3), range(100, 101))
    for most in (-100, 0, 30):
        assert parts(numbered(200), *hunks, functions=functions, most_bytes=most) == [
            "       ...\n     2 + line 2\n       ...",
            "       ...\n   100 + line 100\n       ...",
        ]


def test_a_part_is_as_large_as_allowed_with_its_separators() -> None:
    hunks = [a_hunk(line, start=line, end=line) for line in (20, 40, 60, 80)]
    functions = [range(line, line + 1) for line in (20, 40, 60, 80)]
    two = "       ...\n    20 + line 20\n       ...\n    40 + line 40\n       ..."
    for most, expected in (
        (len(two), [[20, 40], [60, 80]]),
        (len(two) - 1, [[20], [40], [60], [80]]),
    ):
        found = parts(numbered(200), *hunks, functions=functions, most_bytes=most)
        assert [lines_shown(part) for part in found] == expected


@settings(deadline=None)
@given(
    lines=st.lists(
        st.sampled_from(["", "x", "longer " * 5, "é" * 9, "x\r", "z" * 900]),
        min_size=1,
        max_size=12,
    ),
    times=st.integers(1, 30),
    changed=st.sets(st.integers(1, 360), max_size=9),
    removed=st.sets(st.integers(1, 361), max_size=5),
    functions=st.lists(
        st.builds(lambda at, size: range(at, at + size), st.integers(1, 360), st.integers(1, 130))
    ),
    most=st.integers(-50, 2000),
)
def test_parts_are_the_whole_and_no_larger_than_allowed(
    *,
    lines: list[str],
    times: int,
    changed: set[int],
    removed: set[int],
    functions: list[range],
    most: int,
) -> None:
    count = len(lines) * times
    hunks = [a_hunk(each, start=each, end=each) for each in sorted(changed) if each <= count]
    hunks += [
        a_hunk(start=each, end=each - 1, removed={each: ("old", "é")})
        for each in sorted(removed)
        if each <= count + 1
    ]
    layout = Layout.of("\n".join(lines * times) + "\n", hunks, functions)
    assert layout is not None
    whole = "".join(layout.parts(10**9))
    texts = list(layout.parts(most))
    touched = {line for hunk in hunks for line in hunk.added}
    the_whole_says_what_it_leaves_out(whole, touched, count)
    assert whole.count("       - ") == 2 * len({line for hunk in hunks for line in hunk.removed})
    parts_are_of(texts, whole)
    assert all(len(rows(text)) == 1 or len(text.encode()) <= most for text in texts)
    assert layout.least_bytes() <= min(len(whole.encode()), sum(len(t.encode()) for t in texts))


def the_whole_says_what_it_leaves_out(whole: str, touched: set[int], count: int) -> None:
    numbers = lines_shown(whole)
    assert touched <= set(numbers)
    ends = [0, *numbers, count + 1] if numbers else []
    assert whole.count(SEPARATOR) == sum(b - a > 1 for a, b in pairwise(ends))
    assert all(b > a for a, b in pairwise(ends))


def parts_are_of(texts: list[str], whole: str) -> None:
    assert [row for text in texts for row in rows(text)] == rows(whole)
    for index, text in enumerate(texts):
        assert rows(text)
        inner = text
        if index > 0:
            assert text.startswith(f"{SEPARATOR}\n")
            inner = inner.removeprefix(f"{SEPARATOR}\n")
        if index < len(texts) - 1:
            assert text.endswith(f"\n{SEPARATOR}")
            inner = inner.removesuffix(f"\n{SEPARATOR}")
        assert f"\n{inner}\n" in f"\n{whole}\n"
        assert f"{SEPARATOR}\n{SEPARATOR}" not in text


def rows(text: str) -> list[str]:
    return [line for line in text.split("\n") if line not in ("", SEPARATOR)]
