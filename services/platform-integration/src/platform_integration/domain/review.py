"""A review to be put on a pull request, and what may be said on which line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

# More inline comments in one review make GitHub answer 502 (reviewdog issue 355).
MAXIMUM_INLINE = 30

# For each path the line numbers of the new file that the diff shows, hunk by hunk.
CommentableLines: TypeAlias = Mapping[str, Sequence[frozenset[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    path: str
    start_line: int
    end_line: int
    severity: str
    category: str
    title: str
    explanation: str
    source: str
    fingerprint: str
    replacement: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`comments` are for their lines; `summary_comments` for the list in the summary."""

    review_id: UUID
    head_sha: str
    outcome: str
    summary: str
    comments: tuple[Comment, ...]
    summary_comments: tuple[Comment, ...]
    missing_stages: tuple[tuple[str, str], ...]

    def placed_on(self, lines: CommentableLines) -> "Review":
        """Move what the diff does not show to the summary: a code host refuses the whole review
        for one comment on a wrong line. Never to a nearby line."""
        fits = [each for each in self.comments if _fits(each, lines)]
        moved = [each for each in self.comments if not _fits(each, lines)]
        inline, over = fits[:MAXIMUM_INLINE], fits[MAXIMUM_INLINE:]
        return replace(
            self,
            comments=tuple(inline),
            summary_comments=(*moved, *over, *self.summary_comments),
        )

    @property
    def conclusion(self) -> str:
        """Of the check run: success only for a complete review that found nothing."""
        if self.outcome == "failed":
            return "failure"
        if self.outcome == "complete" and not self.comments and not self.summary_comments:
            return "success"
        return "neutral"

    @property
    def headline(self) -> str:
        found = len(self.comments) + len(self.summary_comments)
        if self.outcome == "failed":
            return "The review failed"
        if self.outcome == "partial":
            return f"Partial review, {_counted(found)}"
        return _counted(found).capitalize() if found else "Nothing found"


def _fits(comment: Comment, lines: CommentableLines) -> bool:
    wanted = range(comment.start_line, comment.end_line + 1)
    return bool(wanted) and any(
        wanted.start in hunk and wanted[-1] in hunk for hunk in lines.get(comment.path, ())
    )


def _counted(found: int) -> str:
    return {0: "no findings", 1: "one finding"}.get(found, f"{found} findings")
