"""Where a comment can be: added and context lines right, removed and context lines left.

https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
"""

import re
from collections.abc import Mapping
from typing import TypeAlias

from unidiff.patch import PatchedFile, PatchSet

# Of each path, the number of the hunk that a line of a side is in; asked with what people send.
Lines: TypeAlias = Mapping[object, Mapping[tuple[object, object], int]]


def lines_of(diff: str) -> Lines:
    found: dict[object, dict[tuple[object, object], int]] = {}
    for file in PatchSet(diff):
        lines = found.setdefault(path_of(file), {})
        for number, hunk in enumerate(file):
            for line in hunk:
                if line.target_line_no is not None:
                    lines["RIGHT", line.target_line_no] = number
                if line.source_line_no is not None:
                    lines["LEFT", line.source_line_no] = number
    return found


def patches_of(diff: str) -> dict[str, str]:
    """The hunks of each file, as GitHub's list of files shows them."""
    return {
        path_of(file): "".join(str(hunk) for hunk in file).removesuffix("\n")
        for file in PatchSet(diff)
    }


def path_of(file: PatchedFile) -> str:
    """Git writes a name of other than plain ASCII as a C string, and unidiff leaves it so."""
    path = str(file.path)
    if not path.startswith('"'):
        return path
    return _ESCAPE.sub(_escaped, path[1:-1].encode()).decode(errors="replace")


def _escaped(found: re.Match[bytes]) -> bytes:
    said = found[1]
    return bytes([int(said, 8)]) if said.isdigit() else _LETTERS.get(said, said)


_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)")
_LETTERS = {
    b"a": b"\a",
    b"b": b"\b",
    b"t": b"\t",
    b"n": b"\n",
    b"v": b"\v",
    b"f": b"\f",
    b"r": b"\r",
}
