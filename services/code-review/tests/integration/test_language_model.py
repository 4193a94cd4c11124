"""Asking a server that behaves as OpenAI's and its many relatives do, at their best and worst."""

import asyncio
import gzip
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from code_review.application.language_model import (
    Answer,
    AskBudget,
    LanguageModel,
    ModelRefused,
    Prompt,
    RefusalClass,
)
from code_review.domain.claims import Claim, Claims
from code_review.domain.finding import Category, Severity
from code_review.domain.model_usage import Price, Usage
from code_review.infrastructure.language_model import OpenAICompatibleModel, open_model
from code_review.infrastructure.model_transport import MOST_BYTES, Connection
from code_review_support.callers import NOWHERE
from code_review_support.model_endpoint import (
    ModelEndpoint,
    Reply,
    a_json,
    a_page,
    an_error,
    calls,
    model_endpoint,
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


@pytest.fixture
async def endpoint() -> AsyncIterator[ModelEndpoint]:
    async with model_endpoint() as played:
        yield played
        assert played.errors == []
        assert played.replies == []


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


@pytest.fixture
async def opened(endpoint: ModelEndpoint) -> AsyncIterator[Opener]:
    async with AsyncExitStack() as stack:
        yield Opener(stack, endpoint)


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


async def test_of_many_wrong_findings_the_first_is_told_and_the_others_cost_nothing(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(says({"findings": [{}] * 20}), GOOD)
    await ask(await opened("first"))
    told = endpoint.asked[1].body["messages"][-1]["content"]
    assert told.count("Field required") == len(CLAIM)


@pytest.mark.parametrize("said", [{}, {"defects": [CLAIM]}, {"error": "overloaded"}])
async def test_an_answer_that_says_nothing_of_findings_is_not_one_without_findings(
    opened: Opener, endpoint: ModelEndpoint, said: dict[str, object]
) -> None:
    endpoint.will(says(said), says(said))
    assert (await refusal_of(await opened("first"))).refusal is RefusalClass.BAD_ANSWER


@pytest.mark.parametrize(
    ("output", "reply"), [("json_schema", GOOD), ("tool", calls(FOUND)), ("json", GOOD)]
)
async def test_each_form_of_output_gives_the_same_claims(
    opened: Opener, endpoint: ModelEndpoint, output: str, reply: Reply
) -> None:
    endpoint.will(reply)
    answer = await ask(await opened(output=output))
    assert answer == Answer(
        content=CLAIMS,
        model="first",
        usage=Usage(requests=1, input_tokens=900, output_tokens=80, cost_usd=FIRST),
    )
    body = endpoint.asked[0].body
    kind = body.get("response_format", {}).get("type")
    assert (kind, "tools" in body) == {
        "json_schema": ("json_schema", False),
        "tool": (None, True),
        "json": ("json_object", False),
    }[output]
    assert "One defect" not in json.dumps(body)  # a docstring, which optimised processes lack


async def test_the_material_is_the_users_and_the_instructions_are_the_systems(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(GOOD)
    await ask(await opened())
    (asked,) = endpoint.asked
    assert (asked.message("system"), asked.message("user")) == ("Find defects.", "diff")
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["max_tokens"] == 500
    assert "temperature" not in asked.body


async def test_a_reasoning_model_is_limited_in_the_way_that_it_accepts(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(GOOD)
    await ask(await opened("gpt-5-mini"))
    assert endpoint.asked[0].body["max_completion_tokens"] == 500


async def test_text_that_is_no_unicode_is_sent_all_the_same(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(GOOD)
    prompt = Prompt(instructions="Find \ud800.", material="naïve 🐍 \udfff\x00")
    await (await opened()).ask(prompt, Claims, BUDGET)
    assert endpoint.asked[0].message("user") == "naïve 🐍 ?\x00"


@pytest.mark.parametrize(
    "reply",
    [
        an_error(500),
        an_error(503),
        an_error(429),
        an_error(401),
        an_error(404, code="model_not_found"),
        an_error(400, code="context_length_exceeded"),
        an_error(400, code="content_filter"),
        a_page(),
        a_page(502),
        says(FOUND, finish_reason="length"),
        says('{"findings": [', finish_reason="length"),
        says("", finish_reason="content_filter"),
        says(None, refusal="SERVERTEXT"),
        a_json({"choices": []}),
        a_json([]),
        a_json({}),
        Reply(200, b"", {"content-type": "application/json"}),
        Reply(200, b"{", {"content-type": "application/json"}),
        Reply(302, b"", {"location": "/elsewhere"}),
        Reply(200, b"not gzip", {"content-encoding": "gzip"}),
        Reply(200, b"short", {"content-length": "100"}),
        Reply(200, b"x" * (MOST_BYTES + 1)),
        Reply(200, gzip.compress(b" " * (MOST_BYTES + 1)), {"content-encoding": "gzip"}),
    ],
)
async def test_whatever_fails_the_other_model_is_asked(
    opened: Opener, endpoint: ModelEndpoint, reply: Reply
) -> None:
    endpoint.will(reply, GOOD)
    answer = await ask(await opened())
    assert (answer.content, answer.model) == (CLAIMS, "second")
    assert endpoint.models == ["first", "second"]
    assert answer.usage.requests == 2


async def test_a_model_that_is_too_slow_is_left_for_the_other(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(Reply(hangs=True), GOOD)
    answer = await ask(await opened(request_seconds=2))
    assert answer.model == "second"
    assert answer.usage == Usage(
        requests=2, unreported=1, input_tokens=900, output_tokens=80, cost_usd=SECOND
    )


@pytest.mark.parametrize("output", ["json_schema", "tool", "json"])
@pytest.mark.parametrize("bad", ["SERVERTEXT", "", {"findings": [{"path": "cart.py"}]}, []])
async def test_an_unusable_answer_is_asked_for_once_more_and_paid_twice(
    opened: Opener, endpoint: ModelEndpoint, output: str, bad: object
) -> None:
    endpoint.will(says(bad), calls(FOUND) if output == "tool" else GOOD)
    answer = await ask(await opened(output=output))
    assert answer == Answer(
        content=CLAIMS,
        model="first",
        usage=Usage(requests=2, input_tokens=1800, output_tokens=160, cost_usd=2 * FIRST),
    )
    assert endpoint.models == ["first", "first"]


async def test_the_other_model_is_asked_after_two_unusable_answers_and_each_is_paid_as_its_own(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(says("no"), says("no"), GOOD)
    answer = await ask(await opened())
    assert endpoint.models == ["first", "first", "second"]
    assert answer.usage == Usage(
        requests=3, input_tokens=2700, output_tokens=240, cost_usd=2 * FIRST + SECOND
    )


async def test_an_unusable_answer_too_long_to_be_sent_back_is_not(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(says("no " * 5_000), GOOD)
    answer = await ask(await opened())
    assert (answer.model, endpoint.models) == ("second", ["first", "second"])


@pytest.mark.parametrize(
    ("reply", "refusal", "reason"),
    [
        (an_error(500), RefusalClass.UNAVAILABLE, "answered 500"),
        (an_error(401), RefusalClass.UNAVAILABLE, "answered 401: check the key"),
        (
            an_error(403),
            RefusalClass.UNAVAILABLE,
            "answered 403: check the key and what it is allowed to use",
        ),
        (
            an_error(404),
            RefusalClass.UNAVAILABLE,
            "answered 404: check the address and the model's name",
        ),
        (
            an_error(400),
            RefusalClass.UNAVAILABLE,
            "answered 400: the model may not know this form of output",
        ),
        (
            Reply(307, b"", {"location": "/v1/elsewhere"}),
            RefusalClass.UNAVAILABLE,
            "answered 307: redirects are not followed, check the address",
        ),
        (
            an_error(400, message="This model's maximum context length is SERVERTEXT"),
            RefusalClass.OVER_BUDGET,
            "the prompt is longer than the model can read",
        ),
        (
            an_error(400, code="content_filter"),
            RefusalClass.REFUSED,
            "the model or a filter before it refused",
        ),
        (
            says(None, refusal="SERVERTEXT"),
            RefusalClass.REFUSED,
            "the model or a filter before it refused",
        ),
        (
            says(FOUND, finish_reason="length"),
            RefusalClass.BAD_ANSWER,
            "the answer was cut off at the limit of its tokens",
        ),
        (a_page(), RefusalClass.BAD_ANSWER, "the answer is no chat completion"),
        (a_json({}), RefusalClass.BAD_ANSWER, "the answer is no chat completion"),
        (
            Reply(200, b"{", {"content-type": "application/json"}),
            RefusalClass.BAD_ANSWER,
            "the answer is not JSON",
        ),
        (
            Reply(200, b"x" * (MOST_BYTES + 1)),
            RefusalClass.BAD_ANSWER,
            f"the answer is larger than {MOST_BYTES:,} bytes",
        ),
    ],
)
async def test_a_refusal_has_a_class_and_a_reason_in_our_words(
    opened: Opener, endpoint: ModelEndpoint, reply: Reply, refusal: RefusalClass, reason: str
) -> None:
    endpoint.will(reply)
    refused = await refusal_of(await opened("first"))
    assert (refused.refusal, refused.reason) == (refusal, f"first: {reason}")
    assert refused.usage.requests == 1
    assert refused.retry_at is None


async def test_two_unusable_answers_are_a_bad_answer_and_paid(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(says("SERVERTEXT"), says("SERVERTEXT"))
    refused = await refusal_of(await opened("first"))
    assert refused.refusal is RefusalClass.BAD_ANSWER
    assert refused.usage == Usage(
        requests=2, input_tokens=1800, output_tokens=160, cost_usd=2 * FIRST
    )


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Tue, 24 Nov 2026 12:05:00 GMT", 300),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 24 Nov 2028 12:05:00 GMT", 86_400),
        ("9" * 400, 86_400),
        ("-5", 60),
        ("soon", 60),
        (None, 60),
    ],
)
async def test_a_limit_lasts_as_long_as_is_said_and_never_longer_than_a_day(
    opened: Opener, endpoint: ModelEndpoint, said: str | None, seconds: int
) -> None:
    headers = {} if said is None else {"Retry_After": said}
    endpoint.will(an_error(429, **headers))
    refused = await refusal_of(await opened("first"))
    assert refused.refusal is RefusalClass.RATE_LIMITED
    assert refused.retry_at == NOW + timedelta(seconds=seconds)


async def test_when_both_fail_the_class_is_the_first_ones(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(says(None, refusal="SERVERTEXT"), an_error(500))
    refused = await refusal_of(await opened())
    assert refused.refusal is RefusalClass.REFUSED
    assert refused.reason == (
        "first: the model or a filter before it refused; second: answered 500"
    )
    assert refused.usage == Usage(
        requests=2, unreported=1, input_tokens=900, output_tokens=80, cost_usd=FIRST
    )


async def test_when_both_fail_and_the_last_is_limited_the_question_can_wait(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(an_error(500), an_error(429, Retry_After="9"))
    refused = await refusal_of(await opened())
    assert refused.refusal is RefusalClass.RATE_LIMITED
    assert refused.retry_at == NOW + timedelta(seconds=9)


async def test_nobody_there_is_unavailable(opened: Opener) -> None:
    refused = await refusal_of(await opened("first", url=f"{NOWHERE}/v1"))
    assert (refused.refusal, refused.reason) == (RefusalClass.UNAVAILABLE, "first: no connection")
    assert refused.usage == Usage(requests=1, unreported=1)


async def test_a_prompt_over_its_budget_is_not_sent(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    refused = await refusal_of(await opened(), replace(BUDGET, input_tokens=6))
    assert (refused.refusal, refused.usage) == (RefusalClass.OVER_BUDGET, Usage())
    assert endpoint.asked == []


async def test_the_whole_question_has_a_deadline(opened: Opener, endpoint: ModelEndpoint) -> None:
    endpoint.will(Reply(hangs=True))
    refused = await refusal_of(await opened(), replace(BUDGET, seconds=2))
    assert (refused.refusal, refused.reason) == (
        RefusalClass.UNAVAILABLE,
        "no answer within 2 s",
    )
    assert refused.usage == Usage(requests=1, unreported=1)
    await endpoint.left.wait()


async def test_a_cancelled_question_leaves_the_server(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(Reply(hangs=True))
    asking = asyncio.create_task(ask(await opened()))
    await endpoint.hanging.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await endpoint.left.wait()
    assert endpoint.models == ["first"]


async def test_a_question_beyond_what_is_allowed_at_once_waits_and_is_not_sent(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(Reply(hangs=True))
    model = await opened(concurrency=1)
    first = asyncio.create_task(ask(model))
    await endpoint.hanging.wait()
    endpoint.will(GOOD)
    refused = await refusal_of(model, replace(BUDGET, seconds=0.5))
    assert refused.usage == Usage()
    first.cancel()
    await asyncio.wait([first])
    assert (await ask(model)).content == CLAIMS


async def test_an_unknown_price_is_unknown_and_not_nothing(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(GOOD)
    answer = await ask(await opened("first", prices={}))
    assert answer.usage == Usage(requests=1, input_tokens=900, output_tokens=80, cost_usd=None)


async def test_an_unknown_price_of_a_failed_model_makes_the_sum_unknown(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(says(FOUND, finish_reason="length"), GOOD)
    answer = await ask(await opened(prices={"second": PRICES["second"]}))
    assert answer.usage.cost_usd is None


async def test_a_known_model_is_priced_by_the_name_that_was_configured(
    opened: Opener, endpoint: ModelEndpoint
) -> None:
    endpoint.will(says(FOUND, usage=(1000, 100)), says(FOUND, usage=(1000, 100), cached=500))
    model = await opened("gpt-5-mini", prices={})
    assert (await ask(model)).usage.cost_usd == Decimal("0.00045")
    assert (await ask(model)).usage.cost_usd == Decimal("0.0003375")


async def test_an_own_price_wins(opened: Opener, endpoint: ModelEndpoint) -> None:
    endpoint.will(says(FOUND, usage=(1000, 100)))
    own = {"gpt-5-mini": Price(input=Decimal(0), output=Decimal(0))}
    assert (await ask(await opened("gpt-5-mini", prices=own))).usage.cost_usd == 0


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        (0, 0),
        (-900, 80),
        (10**30, 80),
        (True, 80),
        ("900", 80),
        "SERVERTEXT",
        [],
        {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None},
    ],
)
async def test_usage_that_cannot_be_believed_is_unreported(
    opened: Opener, endpoint: ModelEndpoint, usage: object
) -> None:
    endpoint.will(says(FOUND, usage=usage))
    assert (await ask(await opened())).usage == Usage(requests=1, unreported=1)


async def test_the_key_and_the_material_are_in_no_log_record(
    opened: Opener, endpoint: ModelEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint.will(an_error(401), GOOD)
    await ask(await opened())
    told = [
        record
        for record in caplog.records
        if record.name.partition(".")[0] in ("openai", "httpx2", "httpcore2", "pydantic_ai")
    ]
    assert told == []
    assert KEY not in caplog.text
    assert KEY not in repr(Connection(url=endpoint.url, api_key=KEY))


def test_a_worker_without_a_model_loads_none_of_this() -> None:
    loaded = "import code_review.bootstrap, sys; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-OO", "-c", loaded], capture_output=True, text=True, check=True
    )
    assert not {"pydantic_ai", "openai", "httpx2", "genai_prices"} & set(told.stdout.split())
