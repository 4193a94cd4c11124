"""A model's review as part of a MongoDB document. Paths are values: keys may have no dots."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from code_review.domain.model_review import BundleOutcome, ModelReview
from code_review.domain.model_usage import Usage
from code_review.infrastructure.finding_documents import (
    from_finding_document,
    to_finding_document,
)

Document: TypeAlias = dict[str, Any]


def to_stored(review: ModelReview) -> Document:
    return {
        "model": review.model,
        "prompt_version": review.prompt_version,
        "not_read": _pairs(review.not_read),
        "skipped": _pairs(review.skipped),
        "outcomes": [_outcome(bundle, each) for bundle, each in review.outcomes.items()],
        "usage": _usage(review.usage),
        "seconds": review.seconds,
        "ended": review.ended,
    }


def from_stored(stored: Document) -> ModelReview:
    return ModelReview(
        model=stored["model"],
        prompt_version=stored["prompt_version"],
        not_read=dict(stored["not_read"]),
        skipped=dict(stored["skipped"]),
        outcomes={each["bundle"]: _to_outcome(each) for each in stored["outcomes"]},
        usage=_to_usage(stored["usage"]),
        seconds=stored["seconds"],
        ended=stored["ended"],
    )


def shown(review: ModelReview | None) -> Document | None:
    """For views: the accounts, without the answers."""
    if review is None:
        return None
    return {
        "name": review.model,
        "prompt_version": review.prompt_version,
        **_usage(review.usage),
        "seconds": review.seconds,
        "rejected": _pairs(review.rejected),
        "not_read": _pairs(review.unread),
    }


def _outcome(bundle: str, outcome: BundleOutcome) -> Document:
    return {
        "bundle": bundle,
        "paths": list(outcome.paths),
        "findings": [to_finding_document(each) for each in outcome.findings],
        "rejected": _pairs(outcome.rejected),
        "usage": _usage(outcome.usage),
        "seconds": outcome.seconds,
        "failure": outcome.failure,
    }


def _to_outcome(stored: Document) -> BundleOutcome:
    return BundleOutcome(
        paths=tuple(stored["paths"]),
        findings=tuple(from_finding_document(each) for each in stored["findings"]),
        rejected=dict(stored["rejected"]),
        usage=_to_usage(stored["usage"]),
        seconds=stored["seconds"],
        failure=stored["failure"],
    )


def _usage(usage: Usage) -> Document:
    return {
        "requests": usage.requests,
        "unreported": usage.unreported,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd),
    }


def _to_usage(stored: Document) -> Usage:
    cost = stored["cost_usd"]
    return Usage(**{**stored, "cost_usd": None if cost is None else Decimal(cost)})


def _pairs(values: Mapping[str, Any]) -> list[list[Any]]:
    return [[key, value] for key, value in values.items()]
