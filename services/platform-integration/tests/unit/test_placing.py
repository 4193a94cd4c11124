"""Comments are placed where the diff shows their lines, and nowhere else."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from platform_integration.application.ports import HostAway
from platform_integration.domain.change_set import ChangeSetId, UnknownChangeSet
from platform_integration.infrastructure.diff_lines import commentable_lines
from platform_integration.infrastructure.diff_paths import quoted, unquoted
from platform_integration.infrastructure.github_files import changed_files, diff_of_files
from platform_integration_support.builders import BASE, HEAD, a_comment, a_review
from uuid_utils.compat import uuid7

DIFF = """\
diff --git a/app.py b/app.py
--- a/app.py
+++ b/app.py
@@ -1,3 +1,4 @@
 one
+two
 three
 four
@@ -20,2 +21,3 @@
 a
+b
 c
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x
"""


@pytest.mark.parametrize(
    ("start", "end", "inline"),
    [(2, 2, True), (1, 4, True), (21, 23, True), (5, 5, False), (4, 21, False), (3, 2, False)],
)
def test_a_comment_needs_its_range_inside_one_hunk(start: int, end: int, inline: bool) -> None:
    comment = a_comment(start_line=start, end_line=end)
    placed = a_review(comment).placed_on(commentable_lines(DIFF))
    assert (comment in placed.comments) is inline
    assert (comment in placed.summary_comments) is not inline


def test_nothing_is_said_on_a_file_that_is_gone() -> None:
    placed = a_review(a_comment(1, path="gone.py")).placed_on(commentable_lines(DIFF))
    assert placed.comments == ()


def test_more_comments_than_a_review_takes_go_to_the_summary() -> None:
    lines = {"app.py": [frozenset(range(100))]}
    placed = a_review(*(a_comment(line) for line in range(1, 51))).placed_on(lines)
    assert (len(placed.comments), len(placed.summary_comments)) == (30, 20)


lines = st.lists(st.sampled_from(["a", "b", "c", "", "  d", "@@ -1 +1 @@", "--- x"]), max_size=30)


@given(old=lines, new=lines)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=40,
)
def test_commentable_lines_are_those_git_shows(
    tmp_path: Path, old: list[str], new: list[str]
) -> None:
    for name, content in (("old", old), ("new", new)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in content))
    diff = subprocess.run(
        ["git", "diff", "--no-index", "--no-color", "old", "new"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    ).stdout  # fmt: skip
    shown = {number for hunks in commentable_lines(diff).values() for h in hunks for number in h}
    full = subprocess.run(
        ["git", "diff", "--no-index", "--no-color", "-U0", "old", "new"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    ).stdout  # fmt: skip
    added = {number for hunks in commentable_lines(full).values() for h in hunks for number in h}
    assert added <= shown
    assert shown <= set(range(1, len(new) + 1))
    if diff:
        context = {n for n in range(1, len(new) + 1) if any(abs(n - a) <= 3 for a in added)}
        assert context <= shown


def test_a_change_set_id_comes_back_as_it_went() -> None:
    id_ = ChangeSetId(repository_id=uuid7(), number=7, base_sha=BASE, head_sha=HEAD)
    assert ChangeSetId.parse(str(id_)) == id_


REPOSITORY = "01a20daf-30b6-7044-9f23-0fe6e2256a24"


@pytest.mark.parametrize(
    "text", ["", "a.b.c.d", f"{REPOSITORY}.7.{BASE}", f"{REPOSITORY}.٧.{BASE}.{HEAD}"]
)
def test_a_foreign_change_set_id_is_unknown(text: str) -> None:
    with pytest.raises(UnknownChangeSet):
        ChangeSetId.parse(text)


def test_what_is_not_a_diff_is_a_code_host_that_is_not_itself() -> None:
    for read in (commentable_lines, changed_files):
        with pytest.raises(HostAway):
            read("--- a\n+++ b\n@@ -1,5 +1,5 @@\n one\n")


def test_a_patch_that_github_left_out_makes_a_change_set_incomplete() -> None:
    large = {"filename": "large.py", "status": "modified", "changes": 9000}
    small = {"filename": "s.py", "status": "modified", "changes": 2, "patch": "@@ -1 +1 @@\n-a\n+b"}
    diff, truncated = diff_of_files([large, small])
    assert truncated
    assert [file.path for file in changed_files(diff)] == ["large.py", "s.py"]
    assert commentable_lines(diff) == {"large.py": [], "s.py": [frozenset({1})]}
    assert not diff_of_files([small])[1]


def test_a_list_of_files_becomes_a_diff_that_says_what_happened_to_each() -> None:
    patch = {"changes": 1, "patch": "@@ -1 +0,0 @@\n-a"}
    listed = [
        {"filename": "gone.py", "status": "removed", **patch},
        {"filename": "new.py", "previous_filename": "old.py", "status": "renamed", "changes": 0},
        {"filename": "café\n.py", "status": "added", "changes": 0},
    ]
    found = changed_files(diff_of_files(listed)[0])
    assert [(file.path, file.previous_path, file.status) for file in found] == [
        ("gone.py", None, "removed"),
        ("new.py", "old.py", "renamed"),
        ("café\n.py", None, "added"),
    ]


def test_a_name_that_git_wrote_as_a_c_string_is_read_back() -> None:
    name = r'"b/caf\303\251.py"'
    diff = f"diff --git {name.replace('b/', 'a/')} {name}\nnew file mode 100644\n"
    diff += f"--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+one\n"
    assert commentable_lines(diff) == {"café.py": [frozenset({1})]}
    assert [file.path for file in changed_files(diff)] == ["café.py"]


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_name_in_a_diff_is_any_text_and_one_line(name: str) -> None:
    assert unquoted(quoted(name)) == name
    assert "\n" not in quoted(name)
