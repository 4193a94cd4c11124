"""Asking a server that behaves as OpenAI's and its many relatives do, at their best and worst."""

import gzip
import json
import logging
import subprocess
import sys
from decimal import Decimal

import pytest
from code_review.application.language_model import (
    Answer,
    Prompt,
    RefusalClass,
)
from code_review.domain.claims import Claims
from code_review.domain.model_usage import Price, Usage
from code_review.infrastructure.model_transport import MOST_BYTES, Connection
from code_review_support.model_endpoint import (
    ModelEndpoint,
    Reply,
    a_json,
    a_page,
    an_error,
    calls,
    says,
)
from code_review_support.model_questions import (
    BUDGET,
    CLAIM,
    CLAIMS,
    FIRST,
    FOUND,
    GOOD,
    KEY,
    PRICES,
    SECOND,
    Opener,
    ask,
    refusal_of,
)


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
