"""The model's server fails when asked to, for whom it is asked to, and no more often."""

import json
from typing import Any

import httpx
import pytest
from simulators_support.model import PROMPT, Provider, choice_of, error_of, tool

EMPTY = '{"findings": []}'


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ({"kind": "500"}, 500, "server_error"),
        ({"status": 503, "message": "overloaded"}, 503, "server_error"),
        ({"kind": "429"}, 429, "requests"),
        ({"status": 404}, 404, "invalid_request_error"),
    ],
)
async def test_an_error_is_answered_once_in_the_shape_that_clients_read(
    provider: Provider, fault: dict[str, Any], status: int, kind: str
) -> None:
    await provider.fail(**fault)
    assert error_of(await provider.ask(), status)["type"] == kind
    assert await provider.said()


async def test_a_limit_says_when_to_come_back(provider: Provider) -> None:
    await provider.fail(kind="429")
    await provider.fail(kind="429", headers={"Retry-After": "20"})
    limited = [await provider.ask() for _ in range(2)]
    assert [each.headers["retry-after"] for each in limited] == ["1", "20"]
    assert error_of(limited[0], 429)["code"] == "rate_limit_exceeded"


async def test_silence_lasts_until_the_client_gives_up(provider: Provider) -> None:
    await provider.fail(kind="time-out")
    with pytest.raises(httpx.ReadTimeout):
        await provider.http.post(
            "/v1/chat/completions",
            json={"model": "m", "messages": [{"role": "user", "content": "x"}]},
            timeout=httpx.Timeout(60, read=0.3),
        )
    assert await provider.said()
    assert [each["outcome"] for each in await provider.calls()] == ["client gone", "stop"]


async def test_an_answer_can_be_late(provider: Provider) -> None:
    await provider.fail(delay_seconds=0.2)
    assert await provider.said()
    (call,) = await provider.calls()
    assert call["seconds"] >= 0.2


@pytest.mark.parametrize("changes", [{}, {"response_format": None, "tools": [tool()]}])
async def test_json_can_be_broken(provider: Provider, changes: dict[str, Any]) -> None:
    await provider.fail(kind="broken_json")
    message = choice_of(await provider.ask(**changes))["message"]
    calls = message.get("tool_calls")
    text = calls[0]["function"]["arguments"] if calls else message["content"]
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(text)


async def test_an_answer_can_be_cut_off_in_the_middle(provider: Provider) -> None:
    whole = await provider.said()
    await provider.fail(kind="cut_off")
    choice = choice_of(await provider.ask())
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"] == whole[: len(whole) // 2]


async def test_the_model_can_refuse(provider: Provider) -> None:
    await provider.fail(kind="refusal")
    choice = choice_of(await provider.ask())
    assert (choice["message"]["content"], choice["finish_reason"]) == (None, "stop")
    assert choice["message"]["refusal"]


async def test_a_filter_can_take_the_answer_away(provider: Provider) -> None:
    await provider.fail(kind="content_filter")
    choice = choice_of(await provider.ask())
    assert (choice["message"]["content"], choice["message"]["refusal"]) == (None, None)
    assert choice["finish_reason"] == "content_filter"


async def test_a_page_can_come_instead(provider: Provider) -> None:
    await provider.fail(kind="page")
    answer = await provider.ask()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")


async def test_any_words_can_be_put_into_its_mouth(provider: Provider) -> None:
    invented = '{"findings": [{"path": "no/such.py", "line": 4000}]}'
    await provider.fail(content=invented)
    await provider.fail(content="")
    assert [await provider.said() for _ in range(2)] == [invented, ""]


@pytest.mark.parametrize(("after", "paid"), [(False, 0), (True, 4)])
async def test_an_answer_is_lost_before_or_after_it_is_paid_for(
    provider: Provider, after: bool, paid: int
) -> None:
    await provider.fail(drop=True, after=after)
    with pytest.raises(httpx.RemoteProtocolError):
        await provider.ask("nothing to find")
    (call,) = await provider.calls()
    assert (call["outcome"], call["completion_tokens"]) == ("hung up", paid)


async def test_a_fault_meets_the_prompts_and_the_model_it_is_meant_for(provider: Provider) -> None:
    await provider.fail(kind="500", when="second bundle", model="crivo-small", times=2)
    asked = [("first", "crivo-small"), ("second", "crivo-large"), ("second", "crivo-small")]
    answers = [await provider.ask(f"the {name} bundle", model=model) for name, model in asked]
    assert [each.status_code for each in answers] == [200, 200, 500]


async def test_faults_are_cleared(provider: Provider) -> None:
    await provider.fail(kind="500", times=100)
    assert (await provider.ask()).status_code == 500
    await provider.http.post("/_control/clear-faults")
    assert (await provider.ask()).status_code == 200


@pytest.mark.parametrize("fault", [{"kind": "earthquake"}, {"statsu": 500}])
async def test_a_fault_that_does_not_exist_is_refused(
    provider: Provider, fault: dict[str, Any]
) -> None:
    error_of(await provider.fail(**fault))
    assert await provider.said()


async def test_calls_are_noted_with_what_they_cost(provider: Provider) -> None:
    await provider.ask("nothing to find", model="crivo-small")
    await provider.ask("nothing to find", messages=[])
    await provider.fail(kind="500")
    await provider.ask("nothing to find")
    noted = await provider.calls()
    names = ("model", "completion_tokens", "outcome", "status")
    assert [tuple(each[name] for name in names) for each in noted] == [
        ("crivo-small", 4, "stop", 200),
        ("", 0, "refused: empty_array", 400),
        ("crivo-large", 0, "fault: 500", 500),
    ]
    assert all(each["at"] for each in noted)


async def test_a_file_that_is_asked_about_twice_is_seen_to_be(provider: Provider) -> None:
    for prompt in (PROMPT, "no files", PROMPT):
        await provider.ask(prompt)
    both = ["shop/money.py", 'shop/"odd".py']
    assert [each["paths"] for each in await provider.calls()] == [both, [], both]
