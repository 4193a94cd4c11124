"""What a question that gets no answer ends with, and that it ends."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from code_review.application.language_model import (
    RefusalClass,
)
from code_review.domain.model_usage import Usage
from code_review.infrastructure.model_transport import MOST_BYTES
from code_review_support.callers import NOWHERE
from code_review_support.model_endpoint import (
    ModelEndpoint,
    Reply,
    a_json,
    a_page,
    an_error,
    says,
)
from code_review_support.model_questions import (
    BUDGET,
    CLAIMS,
    FIRST,
    FOUND,
    GOOD,
    NOW,
    Opener,
    ask,
    refusal_of,
)


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
