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
    cost = f"{total.cost_usd:.4f} USD"
    if total.unpriced:
        cost += f" and {total.unpriced} reviews without a known price"
    rejected = ", ".join(f"{reason} {count}" for reason, count in total.rejected.most_common())
    return [
        f"Model: {total.reviews} reviews, {total.requests} requests,"
        f" {total.input_tokens} + {total.output_tokens} tokens, {cost}.",
        f"Dropped by the gate: {rejected or 'nothing'}. Files not read: {total.not_read}.",
    ]


def _add(total: Accounts, model: Json) -> None:
    total.reviews += 1
    total.requests += model.get("requests") or 0
    total.input_tokens += model.get("input_tokens") or 0
    total.output_tokens += model.get("output_tokens") or 0
    cost = model.get("cost_usd")
    # Some write money as text, so that nothing is lost.
    total.cost_usd += float(cost or 0)
    total.unpriced += cost is None
    not_read = model.get("not_read") or 0
    total.not_read += not_read if isinstance(not_read, int) else len(not_read)
    total.rejected.update(model.get("rejected") or {})
