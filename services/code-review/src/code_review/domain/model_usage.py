"""What asking a language model cost."""

from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Of one question or of many, attempts that failed included, because they are paid too.

    `unreported` counts requests whose tokens nobody told us, such as those that timed out.
    `cost_usd` is None as soon as one of the models has no known price: unknown is not nothing.
    """

    requests: int = 0
    unreported: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)

    def __add__(self, other: "Usage") -> "Usage":
        known = self.cost_usd is not None and other.cost_usd is not None
        return replace(
            self,
            requests=self.requests + other.requests,
            unreported=self.unreported + other.unreported,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=(self.cost_usd or 0) + (other.cost_usd or Decimal(0)) if known else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    input: Decimal
    output: Decimal

    def __post_init__(self) -> None:
        if not all(each.is_finite() and each >= 0 for each in (self.input, self.output)):
            raise ValueError("a price is a number that is not negative")

    def of(self, *, input_tokens: int, output_tokens: int) -> Decimal:
        return (self.input * input_tokens + self.output * output_tokens) / 1_000_000


def estimated_tokens(text: str) -> int:
    """No fewer than any current tokenizer makes of it, and for code about half as many again.

    The densest diffs measured have 2.8 characters a token; other scripts have one or two bytes.
    """
    return -(-len(text.encode(errors="replace")) * 10 // 28)
