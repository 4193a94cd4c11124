"""Reads unified diffs as git writes them."""

import re

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk as UnidiffHunk
from unidiff.patch import PatchSet

from code_review.domain.diff import Diff, Hunk, RemovedLines

# How the lines begin that say what changed where. Of the others, `diff --git` cannot be read: where
# its first name ends is a guess when names have spaces, and the names come again before the hunks.
_TELLING = ("--- ", "+++ ", "@@ ", " ", "+", "-", "\\")
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abfnrtv"\\])')
_CONTROLS = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


class UnreadableDiff(Exception):
    """This is not a diff; the message has none of it."""


def read_diff(text: str) -> Diff:
    """Raise UnreadableDiff."""
    if text.strip() and not text.startswith(("diff --git ", "--- ")):
        raise UnreadableDiff("it begins like none")
    lines = (line + "\n" for line in text.split("\n") if line.startswith(_TELLING))
    try:
        patch = PatchSet(lines)
    except (UnidiffParseError, ValueError) as problem:
        raise UnreadableDiff(type(problem).__name__) from problem
    hunks: dict[str, tuple[Hunk, ...]] = {}
    for file in patch:
        if file.is_removed_file:
            continue
        hunks[plain_path(file.path)] = tuple(_hunk(hunk) for hunk in file if hunk.target_length)
    return Diff(hunks)


def _hunk(read: UnidiffHunk) -> Hunk:
    added: list[int] = []
    removed: dict[int, list[str]] = {}
    number = read.target_start
    for line in read:
        if line.is_removed:
            removed.setdefault(number, []).append(line.value.removesuffix("\n"))
        elif line.is_added or line.is_context:
            added += [number] if line.is_added else []
            number += 1
    return Hunk(
        start=read.target_start,
        end=read.target_start + read.target_length - 1,
        added=frozenset(added),
        removed=tuple(
            RemovedLines(before=before, text=tuple(text)) for before, text in removed.items()
        ),
    )


def plain_path(path: str) -> str:
    """Undo git's quoting of unusual names (git-config, core.quotePath)."""
    if not (path.startswith('"') and path.endswith('"')):
        return path
    return _ESCAPE.sub(_unescaped, path[1:-1].encode()).decode(errors="replace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    said = match[1]
    return bytes([_CONTROLS[said] if said in _CONTROLS else int(said, 8) & 255])
