"""Reads unified diffs as git writes them."""

import re

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from code_review.domain.diff import Diff, Hunk

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
        hunks[plain_path(file.path)] = tuple(
            Hunk(
                start=hunk.target_start,
                end=hunk.target_start + hunk.target_length - 1,
                added=frozenset(
                    line.target_line_no
                    for line in hunk
                    if line.is_added and line.target_line_no is not None
                ),
            )
            for hunk in file
            if hunk.target_length
        )
    return Diff(hunks)


def plain_path(path: str) -> str:
    """Undo git's quoting of unusual names (git-config, core.quotePath)."""
    if not (path.startswith('"') and path.endswith('"')):
        return path
    return _ESCAPE.sub(_unescaped, path[1:-1].encode()).decode(errors="replace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    said = match[1]
    return bytes([_CONTROLS[said] if said in _CONTROLS else int(said, 8) & 255])
