"""A few sentences about a review."""

from collections import Counter

from code_review.domain.finding import Severity
from code_review.domain.review import Analysis
from code_review.domain.selection import Selection


def summarise(analysis: Analysis, selection: Selection) -> str:
    """Markdown. What is missing is said first, and an incomplete review is never called clean."""
    looked = (
        f"{_count(analysis.lines, 'changed line')} in {_count(analysis.files, 'file')} were read."
    )
    found = [*selection.comments, *selection.listed]
    if not found:
        verdict = (
            "What was looked at shows no problem, but not everything was looked at."
            if analysis.missing
            else "No problem was found on them."
        )
        return f"{looked} {verdict}"
    severities = Counter(finding.severity for finding in found)
    counts = ", ".join(f"{severities[each]} {each}" for each in Severity if severities[each])
    parts = [looked, f"{_count(len(found) + selection.dropped, 'finding')}: {counts}."]
    if selection.listed:
        parts.append(f"{len(selection.comments)} are on their lines, the others are listed below.")
    if selection.dropped:
        parts.append(f"{selection.dropped} more of the least weight are not shown.")
    return " ".join(parts)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
