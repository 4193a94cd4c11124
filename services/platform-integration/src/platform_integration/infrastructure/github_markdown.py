"""How a review looks on GitHub. Everything a repository could have written is defused."""

import re
from collections.abc import Sequence
from uuid import UUID

from platform_integration.domain.review import Comment, Review

BODY_LIMIT = 65_000  # GitHub's is 65,536 characters
TEXT_LIMIT = 4_000


_FENCE = re.compile(r"`{3,}")
_MENTION = re.compile(r"(?<![\w`])@(?=\w)")


def review_marker(review_id: UUID, head_sha: str) -> str:
    """Hidden in the review's body: what we look for before we post."""
    return f"<!-- crivo:review:{review_id}:{head_sha} -->"


def comment_marker(fingerprint: str) -> str:
    return f"<!-- crivo:finding:{_token(fingerprint)} -->"


def harmless(text: str) -> str:
    """No mention that pings, no comment that forges a marker, no HTML."""
    text = text[:TEXT_LIMIT].replace("<", "&lt;").replace("-->", "--&gt;")
    return _MENTION.sub("@\u200b", text)


def comment_body(comment: Comment) -> str:
    parts = [
        f"**{comment.severity}** · {harmless(comment.title)}",
        harmless(comment.explanation),
    ]
    if comment.replacement is not None:
        fence = _fence(comment.replacement)
        parts.append(f"{fence}suggestion\n{comment.replacement}\n{fence}")
    parts.append(f"<sub>{comment.category} · {harmless(comment.source)}</sub>")
    parts.append(comment_marker(comment.fingerprint))
    return "\n\n".join(parts)


def review_body(review: Review) -> str:
    """The summary; where it would be too long, whole entries are left out and counted."""
    marker = review_marker(review.review_id, review.head_sha)
    parts = [f"### Crivo: {review.headline}", harmless(review.summary)]
    if review.missing_stages:
        missing = "\n".join(
            f"- **{harmless(stage)}**: {harmless(reason)}"
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
            f"- `{_code(comment.path)}:{comment.start_line}` "
            f"**{comment.severity}** {harmless(comment.title)}"
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


def _fence(text: str) -> str:
    """Longer than any run of backticks inside, so that the text cannot end it."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    return "`" * (longest + 1)


def _code(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")


def _token(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)[:64]
