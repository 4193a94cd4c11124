"""A few sentences about a review."""

from collections import Counter
from collections.abc import Iterator

from code_review.domain.analysis import Analysis
from code_review.domain.finding import Severity
from code_review.domain.model_review import ModelReview
from code_review.domain.selection import Selection


def summarise(analysis: Analysis, selection: Selection) -> str:
    """Markdown. What is missing is said first, and an incomplete review is never called clean."""
    parts = ["Not everything was looked at."] if analysis.missing else []
    parts += _looked_at(analysis)
    parts += _found(analysis, selection)
    text = " ".join(parts)
    return f"{text}\n\n{accounts(analysis.model_review)}" if analysis.model_review else text


def accounts(review: ModelReview) -> str:
    """What asking the model cost, in one line; what is not known is said."""
    usage = review.usage
    cost = "price unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    silent = f" ({usage.unreported} without figures)" if usage.unreported else ""
    return (
        f"Model {review.model}: {_count(usage.requests, 'request')}{silent},"
        f" {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out, {cost},"
        f" {review.seconds:.1f} s, prompt {review.prompt_version}."
    )


def _looked_at(analysis: Analysis) -> Iterator[str]:
    read = analysis.model_review.read if analysis.model_review else frozenset()
    if analysis.files:
        files, lines = _count(analysis.files, "file"), _count(analysis.lines, "changed line")
        yield f"Read: {lines} in {files}."
    elif not read:
        yield "This change has no lines that an analyzer reads."
    if analysis.unread and not analysis.model_review:
        yield f"Not of a kind that an analyzer reads: {_count(analysis.unread, 'file')}."
    if analysis.model_review:
        yield f"Read by the model: {_count(len(read), 'file')}."
        if skipped := sum(analysis.model_review.skipped.values()):
            kinds = ", ".join(sorted(analysis.model_review.skipped))
            yield f"Not reviewed, because of their kind ({kinds}): {_count(skipped, 'file')}."


def _found(analysis: Analysis, selection: Selection) -> Iterator[str]:
    found = [*selection.comments, *selection.listed]
    if not found:
        if analysis.files or (analysis.model_review and analysis.model_review.read):
            yield "No problem was found in what was read."
        return
    severities = Counter(finding.severity for finding in found)
    counts = ", ".join(f"{severities[each]} {each}" for each in Severity if severities[each])
    yield f"{_count(len(found), 'finding')}: {counts}."
    if selection.listed:
        yield f"{len(selection.comments)} on their lines, the others listed below."
    if dropped := selection.dropped + analysis.dropped:
        yield f"{dropped} more of the least weight are not shown."


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
