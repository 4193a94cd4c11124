"""How a review looks on GitHub. Everything a repository could have written is defused."""

import re
from collections.abc import Sequence
from uuid import UUID

from platform_integration.domain.comment_command import OWN_MARKER
from platform_integration.domain.review import Comment, Review
from platform_integration.infrastructure.inert_markdown import (
    code_span,
    fence_around,
    harmless,
    harmless_line,
)

# A reason may name many files.
REASON_LIMIT = 2_000
BODY_LIMIT = 65_000  # GitHub's is 65,536 characters


def review_marker(review_id: UUID, head_sha: str) -> str:
    """Hidden in the review's body: what we look for before we post."""
    return f"<!-- crivo:review:{review_id}:{head_sha} -->"


def comment_marker(fingerprint: str) -> str:
    return f"<!-- crivo:finding:{_token(fingerprint)} -->"


def comment_body(comment: Comment) -> str:
    parts = [
        f"**{harmless_line(comment.severity)}** · {harmless_line(comment.title)}",
        harmless(comment.explanation),
    ]
    # It cannot be changed, for somebody may commit it; so one that has a marker is not offered.
    if comment.replacement is not None and OWN_MARKER not in comment.replacement:
        fence = fence_around(comment.replacement, 3)
        parts.append(f"{fence}suggestion\n{comment.replacement}\n{fence}")
    category, source = harmless_line(comment.category), harmless_line(comment.source)
    parts.append(f"<sub>{category} · {source}</sub>")
    parts.append(comment_marker(comment.fingerprint))
    return "\n\n".join(parts)


def review_body(review: Review) -> str:
    """The summary; where it would be too long, whole entries are left out and counted."""
    marker = review_marker(review.review_id, review.head_sha)
    parts = [f"### Crivo: {review.headline}", harmless(review.summary)]
    if review.missing_stages:
        missing = "\n".join(
            f"- **{harmless_line(stage)}**: {harmless_line(reason, REASON_LIMIT)}"
            for stage, reason in review.missing_stages
        )
        parts.append(f"**Not everything was reviewed:**\n{missing}")
    head = "\n\n".join(parts)
    listed = _entries(review.summary_comments, BODY_LIMIT - len(head) - len(marker) - 200)
    return "\n\n".join(part for part in (head, listed, marker) if part)


def _entries(comments: Sequence[Comment], room: int) -> str:
    if not comments:
        return ""
    lines: list[str] = []
    for comment in comments:
        line = (
            f"- {code_span(f'{comment.path}:{comment.start_line}')} "
            f"**{harmless_line(comment.severity)}** {harmless_line(comment.title)}"
        )
        if room < len(line) + 1:
            break
        room -= len(line) + 1
        lines.append(line)
    if left := len(comments) - len(lines):
        lines.append(f"- and {left} more")
    listed = "\n".join(lines)
    return (
        f"<details><summary>{len(comments)} more, not on their lines</summary>\n\n"
        f"{listed}\n\n</details>"
    )


def _token(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)[:64]
