"""Questions to a model behind a scripted endpoint, and what is expected of every refusal."""

import traceback
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from code_review.application.language_model import (
    Answer,
    AskBudget,
    LanguageModel,
    ModelRefused,
    Prompt,
)
from code_review.domain.claims import Claim, Claims
from code_review.domain.finding import Category, Severity
from code_review.domain.model_usage import Price
from code_review.infrastructure.language_model import OpenAICompatibleModel, open_model
from code_review.infrastructure.model_transport import Connection
from code_review_support.model_endpoint import (
    ModelEndpoint,
    says,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = "sk-SECRETKEY"
PROMPT = Prompt(instructions="Find defects.", material="diff")
BUDGET = AskBudget(input_tokens=1_000, output_tokens=500, seconds=20)
PRICES = {
    "first": Price(input=Decimal("0.25"), output=Decimal(2)),
    "second": Price(input=Decimal(3), output=Decimal(15)),
}
FIRST, SECOND = Decimal("0.000385"), Decimal("0.0039")  # 900 and 80 tokens of each
CLAIM = {
    "path": "cart.py",
    "line": 2,
    "end_line": 2,
    "severity": "high",
    "category": "security",
    "title": "eval",
    "explanation": "It runs what a user sends.",
    "fix": "Parse it.",
    "evidence": "return eval(item)",
}
FOUND = {"findings": [CLAIM]}
CLAIMS = Claims(
    findings=[Claim(**CLAIM | {"severity": Severity.HIGH, "category": Category.SECURITY})]  # type: ignore[arg-type]
)
GOOD = says(FOUND)


@dataclass
class Opener:
    stack: AsyncExitStack
    endpoint: ModelEndpoint

    async def __call__(
        self, *names: str, prices: dict[str, Price] = PRICES, **connection: object
    ) -> OpenAICompatibleModel:
        given: dict[str, object] = {"url": self.endpoint.url, "api_key": KEY} | connection
        opened = open_model(
            Connection(**given),  # type: ignore[arg-type]
            names or ("first", "second"),
            prices=prices,
            now=lambda: NOW,
        )
        return await self.stack.enter_async_context(opened)


async def ask(model: LanguageModel, budget: AskBudget = BUDGET) -> Answer[Claims]:
    return await model.ask(PROMPT, Claims, budget)


async def refusal_of(model: LanguageModel, budget: AskBudget = BUDGET) -> ModelRefused:
    with pytest.raises(ModelRefused) as refused:
        await ask(model, budget)
    told = "".join(traceback.format_exception(refused.value))
    assert KEY not in told
    assert "SERVERTEXT" not in told
    assert refused.value.__context__ is None
    return refused.value
