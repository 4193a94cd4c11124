"""What there is to review, and what of it could not be looked at."""

from dataclasses import replace

import pytest
from code_review.domain.change_set import ChangedFile
from code_review.domain.diff import Diff, Hunk
from code_review_support.builders import a_change_set, a_changed_file


def test_only_files_with_lines_of_the_change_are_sources() -> None:
    files = (
        a_changed_file("new.py"),
        a_changed_file("mode-only.py"),
        a_changed_file("gone.py", None, status="removed"),
        a_changed_file("logo.png", None, omitted_reason="binary"),
    )
    sources = a_change_set(*files, added={"mode-only.py": frozenset()}).sources()
    assert [(each.path, sorted(each.changed_lines)) for each in sources] == [("new.py", [1, 2])]


@pytest.mark.parametrize(
    "file",
    [
        a_changed_file(),
        a_changed_file(content=None, status="removed"),
        a_changed_file(content=None, omitted_reason="binary"),
        a_changed_file(content=None, omitted_reason="not UTF-8 text"),
    ],
    ids=["text", "removed", "binary", "another encoding"],
)
def test_what_has_nothing_to_review_is_not_missed(file: ChangedFile) -> None:
    assert a_change_set(file).unseen() is None


def test_files_left_out_are_named_and_the_rest_of_them_counted() -> None:
    files = [a_changed_file(f"{n}.py", None, omitted_reason="larger than 1 MB") for n in range(5)]
    assert a_change_set(*files).unseen() == (
        "not read: 0.py (larger than 1 MB), 1.py (larger than 1 MB), 2.py (larger than 1 MB)"
        " and 2 more"
    )


def test_lines_of_a_file_that_is_not_in_the_change_set_are_missed() -> None:
    change_set = a_change_set()
    hunk = Hunk(start=1, end=1, added=frozenset({1}))
    silent = Hunk(start=1, end=1, added=frozenset())
    diff = Diff({**change_set.diff.hunks, "lost.py": (hunk,), "only-removals.py": (silent,)})
    unseen = replace(change_set, diff=diff).unseen()
    assert unseen == "not read: lost.py (not in the change set)"


def test_a_truncated_change_is_not_seen_whole() -> None:
    unseen = a_change_set(truncated=True).unseen()
    assert unseen == "the change is too large to be read whole"


def test_a_range_is_in_a_hunk_whole_or_not_at_all() -> None:
    first = Hunk(start=1, end=3, added=frozenset({2}))
    second = Hunk(start=7, end=9, added=frozenset({8}))
    diff = Diff({"cart.py": (first, second)})
    assert diff.hunk_with("cart.py", 1, 3) is first
    assert diff.hunk_with("cart.py", 7, 7) is second
    assert diff.hunk_with("cart.py", 3, 7) is None
    assert diff.hunk_with("cart.py", 4, 4) is None
    assert diff.hunk_with("other.py", 1, 1) is None
    assert diff.added_lines("cart.py") == {2, 8}
    assert diff.added_lines("other.py") == frozenset()
