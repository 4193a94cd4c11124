"""Commands in comments: `@crivo review`, `pause` and `resume`, each at the beginning of a line."""

import re
from collections.abc import Iterator
from enum import StrEnum

# Our comments carry such a marker; a person's have no reason to.
OWN_MARKER = "<!-- crivo:"
# Who may write to the repository, as far as a code host tells it with each comment.
TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


class CommentCommand(StrEnum):
    REVIEW = "review"
    PAUSE = "pause"
    RESUME = "resume"


_WORDS = "|".join(CommentCommand)
_COMMAND = re.compile(rf" {{0,3}}@crivo[ \t]+({_WORDS})(?![\w-])", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}(?!.*`)|~{3,})(.*)")


def command_in(body: str) -> CommentCommand | None:
    """The first command that is said and not quoted or shown as code."""
    for line in _said(body):
        if found := _COMMAND.match(line):
            return CommentCommand(found[1].lower())
    return None


def _said(body: str) -> Iterator[str]:
    """The lines outside of fenced code; quotes and indented code begin otherwise anyway."""
    fence = ""
    for line in body.splitlines():
        mark = _FENCE.match(line)
        if fence:
            closes = mark and mark[1].startswith(fence) and not mark[2].strip()
            fence = "" if closes else fence
        elif mark:
            fence = mark[1]
        else:
            yield line
