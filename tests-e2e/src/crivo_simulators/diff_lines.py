"""Where a comment can be: added and context lines right, removed and context lines left.

https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
"""

from collections.abc import Mapping
from typing import TypeAlias

from unidiff.patch import PatchSet

# Of each path, the number of the hunk that a line of a side is in; asked with what people send.
Lines: TypeAlias = Mapping[object, Mapping[tuple[object, object], int]]


def lines_of(diff: str) -> Lines:
    found: dict[object, dict[tuple[object, object], int]] = {}
    for file in PatchSet(diff):
        lines = found.setdefault(file.path, {})
        for number, hunk in enumerate(file):
            for line in hunk:
                if line.target_line_no is not None:
                    lines["RIGHT", line.target_line_no] = number
                if line.source_line_no is not None:
                    lines["LEFT", line.source_line_no] = number
    return found


def patches_of(diff: str) -> dict[str, str]:
    """The hunks of each file, as GitHub's list of files shows them."""
    return {file.path: "".join(str(hunk) for hunk in file).rstrip("\n") for file in PatchSet(diff)}
