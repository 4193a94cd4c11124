"""Which lines of a diff can carry a comment."""

from collections.abc import Sequence

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from platform_integration.application.ports import HostAway
from platform_integration.domain.review import CommentableLines
from platform_integration.infrastructure.diff_paths import unquoted


def commentable_lines(diff: str) -> CommentableLines:
    """Added and context lines of the new file, hunk by hunk: what GitHub accepts for side RIGHT."""
    try:
        patch = PatchSet.from_string(diff)
    except UnidiffParseError as problem:
        raise HostAway(f"the code host sent a diff that is none: {problem}") from problem
    lines: dict[str, Sequence[frozenset[int]]] = {}
    for file in patch:
        if file.is_removed_file:
            continue
        lines[unquoted(file.path)] = [
            frozenset(line.target_line_no for line in hunk if line.target_line_no is not None)
            for hunk in file
        ]
    return lines
