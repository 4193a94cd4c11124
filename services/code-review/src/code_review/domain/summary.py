"""A few sentences about a review."""

from collections import Counter

from code_review.domain.analysis import Analysis
from code_review.domain.finding import Severity
from code_review.domain.selection import Selection


def summarise(analysis: Analysis, selection: Selection) -> str:
    """Markdown. What is missing is said first, and an incomplete review is never called clean."""
    parts = ["Not everything was looked at."] if analysis.missing else []
    if analysis.files:
        files, lines = _count(analysis.files, "file"), _count(analysis.lines, "changed line")
        parts.append(f"Read: {lines} in {files}.")
    else:
        parts.append("This change has no lines that an analyzer reads.")
    if analysis.unread:
        parts.append(f"Not of a kind that an analyzer reads: {_count(analysis.unread, 'file')}.")
    found = [*selection.comments, *selection.listed]
    if not found:
        parts += ["No problem was found in what was read."] if analysis.files else []
        return " ".join(parts)
    dropped = selection.dropped + analysis.dropped
    severities = Counter(finding.severity for finding in found)
    counts = ", ".join(f"{severities[each]} {each}" for each in Severity if severities[each])
    parts.append(f"{_count(len(found), 'finding')}: {counts}.")
    if selection.listed:
        parts.append(f"{len(selection.comments)} on their lines, the others listed below.")
    if dropped:
        parts.append(f"{dropped} more of the least weight are not shown.")
    return " ".join(parts)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
