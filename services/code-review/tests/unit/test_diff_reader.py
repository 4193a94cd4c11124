"""The diff model, held against what Git itself says of the same change."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import pytest
from code_review.domain.diff import Hunk, RemovedLines
from code_review.infrastructure.diff_reader import UnreadableDiff, plain_path, read_diff
from code_review_support.git import Blob, Repository, Tree
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

Found = TypeVar("Found", list[range], frozenset[int])
_HEADER = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.M)

LINES = st.sampled_from(
    [
        b"",
        b"x",
        b"  y",
        b"-- a/x",
        b"++ b/x",
        b"@@ -1 +1 @@",
        b"diff --git a/x b/x",
        b"\\ no",
        b"a\rb",
    ]
)
ENDS = st.sampled_from([b"\n", b"\n", b"\r\n"])
TEXTS = st.builds(
    lambda lines, last: b"".join(line + end for line, end in lines) + last,
    st.lists(st.tuples(LINES, ENDS), max_size=30),
    st.sampled_from([b"", b"", b"no end"]),
)
CONTENTS = TEXTS | st.just(b"\0binary")
NAMES = st.text(
    st.sampled_from("ab \"\\\t\n\ré漢😀'") | st.characters(codec="utf-8", exclude_characters="/\0"),
    min_size=1,
    max_size=6,
).filter(lambda name: name not in (".", "..") and ".git" not in name.lower())
PATHS = st.sampled_from(["cart.py", "a b/c", "x b/x b/x", "b/a", "été.py", 'q"uote']) | st.lists(
    NAMES, min_size=1, max_size=3
).map("/".join)
BLOBS = st.builds(Blob, CONTENTS, st.booleans())


def edited(blob: Blob) -> st.SearchStrategy[Blob]:
    """Its text with some runs of lines put in, taken out or replaced."""
    lines = blob.content.splitlines(keepends=True)
    edits = st.tuples(st.integers(0, len(lines)), st.integers(0, 3), TEXTS)

    def apply(chosen: list[tuple[int, int, bytes]], executable: bool) -> Blob:
        text = list(lines)
        for at, removed, added in chosen:
            text[at : at + removed] = [added]
        return Blob(b"".join(text), executable)

    return st.builds(apply, st.lists(edits, max_size=3), st.booleans())


@st.composite
def changes(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """Files that stay, change, move, come and go."""
    old = draw(st.dictionaries(PATHS, BLOBS, max_size=3).map(_fitting))
    new: dict[str, Blob] = {}
    for path, blob in old.items():
        match draw(st.sampled_from(["edit", "edit", "rename", "remove", "keep"])):
            case "edit":
                new[path] = draw(edited(blob))
            case "rename":
                new[draw(PATHS)] = draw(st.just(blob) | edited(blob))
            case "keep":
                new[path] = blob
    new |= draw(st.dictionaries(PATHS, BLOBS, max_size=1))
    return old, _fitting(new)


def _fitting(tree: Tree) -> Tree:
    """No name can be a file and a folder."""
    return {
        path: blob
        for path, blob in tree.items()
        if not any(other.startswith(f"{path}/") for other in tree)
    }


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("repository"))


def ranges(paths: list[str], diff: str) -> dict[str, list[range]]:
    """Lines of the new side that Git's hunk headers name, by path."""
    # No line of a file's content begins like this: it would have a sign before it.
    sections = re.split(r"^diff --git ", diff, flags=re.M)[1:]
    return {
        path: [
            range(int(start), int(start) + int(length or 1))
            for start, length in _HEADER.findall(section)
            if length != "0"
        ]
        for path, section in zip(paths, sections, strict=True)
    }


def new_paths(raw: str) -> list[str]:
    """The paths of `git diff --raw -z`, which does not quote them; a rename has two."""
    fields = iter(raw.split("\0"))
    return [
        [next(fields) for _ in range(2 if "R" in status else 1)][-1] for status in fields if status
    ]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(change=changes())
@example(change=({"a b/c": Blob(b"x\n")}, {"a b/c": Blob(b"x\ny\n")}))
@example(change=({"x b/x": Blob(b"x\ny\nz\n")}, {"x b/x b/x": Blob(b"x\ny\nz\nmore\n")}))
@example(change=({}, {"a\tb": Blob(b"x"), '"é"': Blob(b"\n")}))
@example(change=({}, {"empty.py": Blob(b"")}))
@example(change=({"run.sh": Blob(b"x\n")}, {"run.sh": Blob(b"x\n", executable=True)}))
@example(change=({"logo": Blob(b"\0")}, {"logo": Blob(b"\0\0"), "x.py": Blob(b"x\n")}))
def test_it_has_the_line_numbers_of_git(repository: Repository, change: tuple[Tree, Tree]) -> None:
    repository.hold(*change)
    paths, whole = new_paths(repository.diff("--raw", "-z")), repository.diff()
    diff = read_diff(whole)
    hunks = {
        path: [range(hunk.start, hunk.end + 1) for hunk in found]
        for path, found in diff.hunks.items()
        if found
    }
    assert hunks == _without_empty(ranges(paths, whole))
    added = {path: diff.added_lines(path) for path in diff.hunks}
    written = _without_empty(ranges(paths, repository.diff("--unified=0")))
    assert _without_empty(added) == {
        path: {line for each in found for line in each} for path, found in written.items()
    }

    texts = [_lines(blob.content) for blob in change[0].values()]
    for path, found in diff.hunks.items():
        if found:
            assert undone(_lines(change[1][path].content), found) in [[], *texts]


def undone(lines: list[str], hunks: Sequence[Hunk]) -> list[str]:
    """The old lines, from the new ones and what the diff says of them."""
    added = {line for hunk in hunks for line in hunk.added}
    removed = {each.before: each.text for hunk in hunks for each in hunk.removed}
    old: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        old += removed.pop(number, ())
        old += [] if number in added or number > len(lines) else [line]
    assert not removed
    return old


def _lines(content: bytes) -> list[str]:
    return content.decode().removesuffix("\n").split("\n") if content else []


def _without_empty(found: Mapping[str, Found]) -> dict[str, Found]:
    return {path: each for path, each in found.items() if each}


def test_removed_lines_stand_before_the_line_they_stood_before() -> None:
    diff = read_diff(
        "--- a/x\n+++ b/x\n@@ -1,6 +1,4 @@\n one\n-two\r\n+2\n three\n-\x0cfo\rur\n five\n-six\n"
        "\\ No newline at end of file\n"
    )
    (hunk,) = diff.hunks["x"]
    assert hunk.removed == (
        RemovedLines(before=2, text=("two\r",)),
        RemovedLines(before=4, text=("\x0cfo\rur",)),
        RemovedLines(before=5, text=("six",)),
    )
    assert diff.added_lines("x") == {2}
    assert diff.touched_lines("x") == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("diff", "touched"),
    [
        ("@@ -1,3 +1,2 @@\n-gone\n one\n two\n", {1}),
        ("@@ -1,3 +1,2 @@\n one\n two\n-gone\n", {2}),
        ("@@ -8,4 +8,2 @@\n one\n-gone\n-gone\n two\n", {8, 9}),
        ("@@ -1,3 +0,0 @@\n-one\n-two\n-three\n", set()),
    ],
    ids=["before the first", "after the last", "between", "all of the file"],
)
def test_a_deletion_can_be_spoken_about_on_the_lines_beside_it(
    diff: str, touched: set[int]
) -> None:
    read = read_diff(f"--- a/x\n+++ b/x\n{diff}")
    assert read.touched_lines("x") == touched
    assert read.added_lines("x") == set()


def test_a_diff_without_git_headers_is_read() -> None:
    diff = read_diff("--- a/x.py\n+++ b/x.py\n@@ -1 +1,2 @@\n x\n+y\n")
    assert diff.added_lines("x.py") == {2}


def test_the_folder_of_a_path_is_kept_when_it_looks_like_a_prefix() -> None:
    diff = read_diff("--- a/b/x.py\n+++ b/b/x.py\n@@ -0,0 +1 @@\n+y\n")
    assert diff.added_lines("b/x.py") == {1}


def test_nothing_changed_is_no_error() -> None:
    assert read_diff("").hunks == {}


@pytest.mark.parametrize(
    "text",
    [
        "<html>Bad gateway</html>",
        "@@ -1 +1 @@\n x\n",
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n x\n",
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n+x\n+y\n",
        f"--- a/x\n+++ b/x\n@@ -1 +{'9' * 5000} @@\n x\n",
    ],
    ids=["a page", "no file", "cut off", "too many lines", "no number"],
)
def test_what_is_no_diff_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UnreadableDiff) as refused:
        read_diff(text)
    assert len(str(refused.value)) < 40


WORDS = st.sampled_from(
    ["diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -1 +1,2 @@", " x", "+", ""]
)


@settings(max_examples=50)
@given(st.lists(WORDS | st.text(max_size=5)).map("\n".join))
def test_whatever_it_is_it_is_read_or_refused(text: str) -> None:
    try:
        diff = read_diff(text)
    except UnreadableDiff:
        return
    for path in diff.hunks:
        assert all(hunk.start <= hunk.end for hunk in diff.hunks[path])


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("plain.py", "plain.py"),
        ('"caf\\303\\251.py"', "café.py"),
        ('"tab\\tquote\\"back\\\\slash"', 'tab\tquote"back\\slash'),
        ('"bad\\377"', "bad\ufffd"),
        ('half"', 'half"'),
    ],
)
def test_quoted_names_are_unquoted(written: str, path: str) -> None:
    assert plain_path(written) == path
