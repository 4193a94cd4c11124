"""What the model stage took and dropped, over all reviews."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from crivo_evals.outcomes import Json, Outcome


@dataclass(slots=True)
class Accounts:
    reviews: int = 0
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0
    unpriced: int = 0
    not_read: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def accounts(outcomes: Iterable[Outcome]) -> Accounts:
    total = Accounts()
    for outcome in outcomes:
        model = (outcome.review or {}).get("model")
        if model:
            _add(total, model)
    return total


def said(total: Accounts) -> list[str]:
    if not total.reviews:
        return ["No model was asked."]
    costs = [f"{total.cost_usd:.4f} USD"] if total.unpriced < total.reviews else []
    costs += [f"{total.unpriced} reviews without a known price"] if total.unpriced else []
    rejected = ", ".join(f"{reason} {count}" for reason, count in total.rejected.most_common())
    return [
        f"Model: {total.reviews} reviews, {total.requests} requests,"
        f" {total.input_tokens} + {total.output_tokens} tokens, {' and '.join(costs)}.",
        f"Dropped by the gate: {rejected or 'nothing'}. Files not read: {total.not_read}.",
    ]


def _add(total: Accounts, model: Json) -> None:
    total.reviews += 1
    total.requests += model["requests"]
    total.input_tokens += model["input_tokens"]
    total.output_tokens += model["output_tokens"]
    total.cost_usd += model["cost_usd"] or 0
    total.unpriced += model["cost_usd"] is None
    total.not_read += len(model["not_read"])
    total.rejected.update(model["rejected"])
