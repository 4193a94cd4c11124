"""Language models behind any address that speaks OpenAI's chat completions.

Only the worker imports this, and only when a model is configured: it is 60 MB.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, TypeVar

import httpx2
from crivo_observability.traces import span
from openai import AsyncOpenAI
from pydantic import GetCoreSchemaHandler
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles import ModelProfile, merge_profile
from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer, OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings
from pydantic_core import CoreSchema

from code_review.application.language_model import (
    Answer,
    AskBudget,
    ModelRefused,
    Prompt,
    RefusalClass,
)
from code_review.domain.model_usage import Price, Usage, estimated_tokens
from code_review.infrastructure.model_attempts import Accounts, CountedModel
from code_review.infrastructure.model_failures import Failed, failure, too_slow
from code_review.infrastructure.model_prices import ModelPrices
from code_review.infrastructure.model_transport import NO_KEY, Connection, open_client

T = TypeVar("T")
RE_ASKS = 1
ANSWER = "answer"
# Hosts that may serve a reasoning model under a name that does not say so.
OPENAI_HOSTS = ("api.openai.com", ".azure.com")


@asynccontextmanager
async def open_model(
    connection: Connection,
    names: Sequence[str],
    *,
    prices: Mapping[str, Price],
    now: Callable[[], datetime],
) -> AsyncIterator["OpenAICompatibleModel"]:
    """The first of `names` is asked first; each further one when those before it failed."""
    async with open_client(connection) as http:
        yield OpenAICompatibleModel(connection, names, http, ModelPrices(prices), now)


class OpenAICompatibleModel:
    """Implements LanguageModel.

    Each model has one re-ask for an answer that is not in the form of the schema. When all failed
    the question is rate limited if the last one was, else of the first one's class.
    """

    def __init__(
        self,
        connection: Connection,
        names: Sequence[str],
        http: httpx2.AsyncClient,
        prices: ModelPrices,
        now: Callable[[], datetime],
    ) -> None:
        client = AsyncOpenAI(
            base_url=connection.url,
            api_key=connection.api_key or NO_KEY,
            http_client=http,
            max_retries=0,
        )
        provider = OpenAICompatibleProvider(
            "openai-compatible",
            openai_client=client,
            profile=lambda name: _profile(name, httpx2.URL(connection.url).host),
        )
        self._models = {name: OpenAIChatModel(name, provider=provider) for name in names}
        self._name = names[0]
        self._connection = connection
        self._prices = prices
        self._now = now
        self._turns = asyncio.Semaphore(connection.concurrency)
        self._agents: dict[type, Agent[None, Any]] = {}

    @property
    def name(self) -> str:
        return self._name

    async def ask(self, prompt: Prompt, schema: type[T], budget: AskBudget) -> Answer[T]:
        tokens = estimated_tokens(prompt.instructions) + estimated_tokens(prompt.material)
        if tokens > budget.input_tokens:
            reason = f"about {tokens:,} tokens, and {budget.input_tokens:,} are allowed"
            raise ModelRefused(RefusalClass.OVER_BUDGET, reason, usage=Usage())
        accounts = Accounts(self._prices)
        with span("ask a language model", model=self._name) as current:
            outcome = await self._within(budget, prompt, schema, accounts)
            current.set_attributes(
                {
                    "requests": accounts.usage.requests,
                    "tokens.input": accounts.usage.input_tokens,
                    "tokens.output": accounts.usage.output_tokens,
                }
            )
        if isinstance(outcome, Failed):
            # Outside of any handler, so that it carries no error of the libraries as its context.
            raise ModelRefused(
                outcome.refusal, outcome.reason, usage=accounts.usage, retry_at=outcome.retry_at
            )
        return outcome

    async def _within(
        self, budget: AskBudget, prompt: Prompt, schema: type[T], accounts: Accounts
    ) -> Answer[T] | Failed:
        failures: list[tuple[str, Failed]] = []
        try:
            async with asyncio.timeout(budget.seconds):
                for name in self._models:
                    outcome = await self._attempt(name, prompt, schema, budget, accounts)
                    if isinstance(outcome, Answer):
                        return outcome
                    failures.append((name, outcome))
        except TimeoutError:
            return too_slow(budget.seconds)
        return _all_of(failures)

    async def _attempt(
        self, name: str, prompt: Prompt, schema: type[T], budget: AskBudget, accounts: Accounts
    ) -> Answer[T] | Failed:
        model = CountedModel(
            self._models[name],
            accounts=accounts,
            turns=self._turns,
            seconds=self._connection.request_seconds,
            answer_tokens=budget.output_tokens,
        )
        try:
            result = await self._agent(schema).run(
                _sendable(prompt.material),
                instructions=_sendable(prompt.instructions),
                model=model,
                model_settings=ModelSettings(max_tokens=budget.output_tokens),
            )
        except Exception as error:  # noqa: BLE001 - whatever a server's answer made them raise
            return failure(error, self._now())
        return Answer(content=result.output, model=name, usage=accounts.usage)

    def _agent(self, schema: type[T]) -> Agent[None, Any]:
        if schema not in self._agents:
            self._agents[schema] = Agent(
                output_type=_form(schema, self._connection.output), retries={"output": RE_ASKS}
            )
        return self._agents[schema]


def _form(schema: type[T], output: str) -> Any:
    # Strict: a server that can hold its model to the schema does, optional fields included.
    judged: Any = Annotated[schema, _FirstError()]
    match output:
        case "tool":
            return ToolOutput(judged, name=ANSWER, strict=True)
        case "json":
            return PromptedOutput(judged, name=ANSWER)
        case _:
            return NativeOutput(judged, name=ANSWER, strict=True)


class _FirstError:
    """Ends at the first wrong item of a list: half a minute and gigabytes go into telling all."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        _fail_fast(handler.resolve_ref_schema(schema))
        return schema


def _fail_fast(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("type") == "list":
            schema["fail_fast"] = True
        for each in schema.values():
            _fail_fast(each)
    elif isinstance(schema, list):
        for each in schema:
            _fail_fast(each)


class _BareSchema(OpenAIJsonSchemaTransformer):
    """Without docstrings, which an optimised process lacks: every process asks the same."""

    def transform(self, schema: dict[str, Any]) -> dict[str, Any]:
        schema.pop("description", None)
        return super().transform(schema)


def _all_of(failures: Sequence[tuple[str, Failed]]) -> Failed:
    last = failures[-1][1]
    chosen = last if last.refusal is RefusalClass.RATE_LIMITED else failures[0][1]
    return Failed(
        refusal=chosen.refusal,
        reason="; ".join(f"{name}: {each.reason}" for name, each in failures),
        retry_at=chosen.retry_at,
    )


def _profile(name: str, host: str) -> ModelProfile:
    """The operator says what the server knows, so nothing that is asked for is withheld."""
    known = OpenAICompatibleProvider.model_profile(name)
    reasons = bool(known and known.get("openai_supports_reasoning", False))
    ours = OpenAIModelProfile(
        json_schema_transformer=_BareSchema,
        supports_json_schema_output=True,
        supports_json_object_output=True,
        # Many chat templates know one system message, and that at the beginning.
        supports_inline_system_prompts=False,
        default_framing_announcement="never",
        openai_chat_supports_multiple_system_messages=False,
        # Its thoughts about a bad answer are of no use, and strict servers refuse the field.
        openai_chat_send_back_thinking_parts=False,
        # OpenAI's reasoning models refuse `max_tokens`; it is all that many servers know.
        openai_chat_supports_max_completion_tokens=reasons or host.endswith(OPENAI_HOSTS),
    )
    return merge_profile(known, ours)


def _sendable(text: str) -> str:
    """Half a surrogate pair has no bytes in UTF-8."""
    return text.encode(errors="replace").decode()
