"""What every LanguageModel does, so that the one in memory can stand for one behind an address."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from code_review.application.language_model import (
    AskBudget,
    LanguageModel,
    ModelRefused,
    Prompt,
    RefusalClass,
)
from code_review.domain.claims import Claims
from code_review.domain.finding import Finding
from code_review.domain.model_usage import Usage
from code_review.infrastructure.language_model import open_model
from code_review.infrastructure.model_transport import Connection
from code_review_support.builders import a_claim
from code_review_support.memory import A_USAGE, MemoryLanguageModel
from code_review_support.model_endpoint import Reply, an_error, model_endpoint, says

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLAIMS = Claims(findings=[a_claim()])
PROMPT = Prompt(instructions="Find defects.", material="diff")
BUDGET = AskBudget(input_tokens=1_000, output_tokens=500, seconds=20)
LIMITED = ModelRefused(
    RefusalClass.RATE_LIMITED, "later", usage=A_USAGE, retry_at=NOW + timedelta(seconds=7)
)
Says: TypeAlias = Callable[[object], AbstractAsyncContextManager[LanguageModel]]


@asynccontextmanager
async def in_memory(said: object) -> AsyncIterator[LanguageModel]:
    yield MemoryLanguageModel(said, name="gpt-5-mini")


@asynccontextmanager
async def behind_an_address(said: object) -> AsyncIterator[LanguageModel]:
    async with model_endpoint() as endpoint:
        endpoint.will(*_replies(said))
        connection = Connection(url=endpoint.url)
        async with open_model(connection, ["gpt-5-mini"], prices={}, now=lambda: NOW) as model:
            yield model


def _replies(said: object) -> list[Reply]:
    if said is LIMITED:
        return [an_error(429, Retry_After="7")]
    if isinstance(said, Claims):
        return [says(asdict(said))]
    return [says({"of": "another schema"} | {"findings": 1})] * 2


@pytest.fixture(params=[in_memory, behind_an_address])
def that_says(request: pytest.FixtureRequest) -> Says:
    says: Says = request.param
    return says


async def test_an_answer_has_the_claims_the_model_and_what_it_cost(that_says: Says) -> None:
    async with that_says(CLAIMS) as model:
        answer = await model.ask(PROMPT, Claims, BUDGET)
    assert answer.content == CLAIMS
    assert (answer.model, model.name) == ("gpt-5-mini", "gpt-5-mini")
    assert answer.usage == A_USAGE


async def test_nothing_found_is_an_answer(that_says: Says) -> None:
    async with that_says(Claims(findings=[])) as model:
        assert (await model.ask(PROMPT, Claims, BUDGET)).content == Claims(findings=[])


async def test_what_is_not_in_the_schema_is_a_bad_answer_and_paid(that_says: Says) -> None:
    async with that_says(Finding) as model:
        with pytest.raises(ModelRefused) as refused:
            await model.ask(PROMPT, Claims, BUDGET)
    assert refused.value.refusal is RefusalClass.BAD_ANSWER
    assert refused.value.usage.input_tokens > 0


async def test_a_limit_says_until_when_and_what_was_used(that_says: Says) -> None:
    async with that_says(LIMITED) as model:
        with pytest.raises(ModelRefused) as refused:
            await model.ask(PROMPT, Claims, BUDGET)
    assert refused.value.refusal is RefusalClass.RATE_LIMITED
    assert refused.value.retry_at == NOW + timedelta(seconds=7)
    assert refused.value.usage.requests == 1


async def test_a_prompt_over_its_budget_costs_nothing(that_says: Says) -> None:
    small = AskBudget(input_tokens=2, output_tokens=500, seconds=20)
    async with that_says(CLAIMS) as model:
        with pytest.raises(ModelRefused) as refused:
            await model.ask(PROMPT, Claims, small)
    assert refused.value.refusal is RefusalClass.OVER_BUDGET
    assert refused.value.usage == Usage()
