"""Each request to a language model: counted, bounded in time, and judged before it is read."""

import asyncio
from dataclasses import replace
from decimal import Decimal

from pydantic_ai.exceptions import UnexpectedModelBehavior
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from code_review.application.language_model import RefusalClass
from code_review.domain.model_usage import Usage, estimated_tokens
from code_review.infrastructure.model_failures import (
    Failed,
    cut_off,
    filtered,
    no_completion,
    too_slow,
)
from code_review.infrastructure.model_prices import ModelPrices


class Accounts:
    """Of one question: every request is in them from the moment it is sent."""

    def __init__(self, prices: ModelPrices) -> None:
        self._prices = prices
        self.usage = Usage()

    def sent(self, model: str) -> None:
        known = self._prices.cost(model, input_tokens=0, output_tokens=0) is not None
        self.usage += Usage(requests=1, unreported=1, cost_usd=Decimal(0) if known else None)

    def reported(self, model: str, told: RequestUsage) -> None:
        sent, received = told.input_tokens, told.output_tokens
        if not (sent or received):
            return
        cost = self._prices.cost(
            model, input_tokens=sent, output_tokens=received, cached_tokens=told.cache_read_tokens
        )
        self.usage += Usage(unreported=-1, input_tokens=sent, output_tokens=received, cost_usd=cost)


class CountedModel(WrapperModel):
    """One of the configured models, for one question."""

    def __init__(
        self,
        wrapped: Model,
        *,
        accounts: Accounts,
        turns: asyncio.Semaphore,
        seconds: float,
        answer_tokens: int,
    ) -> None:
        super().__init__(wrapped)
        self._accounts = accounts
        self._turns = turns
        self._seconds = seconds
        self._answer_tokens = answer_tokens

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        if _added(messages) > self._answer_tokens:
            # Sent back, an answer of any length would be paid for as a prompt.
            reason = "the answer is not what was asked for, and too long to ask again"
            raise Failed(refusal=RefusalClass.BAD_ANSWER, reason=reason)
        async with self._turns:
            self._accounts.sent(self.model_name)
            try:
                async with asyncio.timeout(self._seconds):
                    response = await super().request(
                        messages, model_settings, model_request_parameters
                    )
            except TimeoutError:
                raise too_slow(self._seconds) from None
            except UnexpectedModelBehavior:
                raise no_completion() from None
        self._accounts.reported(self.model_name, response.usage)
        if response.finish_reason == "length":
            raise cut_off()
        if response.finish_reason == "content_filter":
            raise filtered()
        # What else the server says about itself, a model's name and figures, is for nobody.
        return replace(
            response, usage=RequestUsage(), model_name=self.model_name, provider_details=None
        )


def _added(messages: list[ModelMessage]) -> int:
    """Estimated tokens of what follows the question: a bad answer, and what is wrong with it."""
    added = 0
    for message in messages[1:]:
        for part in message.parts:
            match part:
                case TextPart():
                    added += estimated_tokens(part.content)
                case ToolCallPart():
                    added += estimated_tokens(part.args_as_json_str())
                case RetryPromptPart():
                    added += estimated_tokens(part.model_response())
                case _:
                    pass  # thoughts are not sent back
    return added
