"""What an answer cost: by the operator's own prices, else by a public list that is in the image."""

from collections.abc import Mapping
from decimal import Decimal

from genai_prices import Usage, calc_price

from code_review.domain.model_usage import Price


class ModelPrices:
    """By the name that was configured: the one in an answer is whatever its server likes."""

    def __init__(self, own: Mapping[str, Price]) -> None:
        self._own = dict(own)

    def cost(
        self, model: str, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0
    ) -> Decimal | None:
        """In US dollars, or None when nobody knows; `cached_tokens` are part of the input."""
        if own := self._own.get(model):
            return own.of(input_tokens=input_tokens, output_tokens=output_tokens)
        usage = Usage(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_read_tokens=min(cached_tokens, input_tokens),
        )
        try:
            # Its timestamp, and so a price that has since changed, is now.
            return calc_price(usage, model).total_price
        except (LookupError, ValueError):
            return None
