"""The model's server answers what the real ones answer, and refuses what they refuse."""

import json
from typing import Any

import pytest
from crivo_simulators.model.asked import asked_of
from crivo_simulators.model.refusals import Refused
from httpx import AsyncClient
from simulators_support.model import (
    FINDINGS,
    KEY,
    Json,
    Provider,
    choice_of,
    error_of,
    request,
    tool,
    wanted,
)
from simulators_support.model import schema as changed


def refusal_of(**changes: Any) -> dict[str, Any]:
    with pytest.raises(Refused) as refused:
        asked_of(request(**changes))
    assert refused.value.status == 400
    error: dict[str, Any] = refused.value.body["error"]
    return error


async def test_an_answer_has_the_shape_that_clients_read(provider: Provider) -> None:
    answer = await provider.ask()
    body = answer.json()
    assert answer.headers["x-request-id"]
    assert body["id"].startswith("chatcmpl-")
    assert (body["object"], body["model"]) == ("chat.completion", "crivo-large")
    choice = choice_of(answer)
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    assert (choice["message"]["role"], choice["message"]["refusal"]) == ("assistant", None)
    assert json.loads(choice["message"]["content"])["findings"]


async def test_four_bytes_are_a_token(provider: Provider) -> None:
    words = [{"role": "system", "content": "äbc"}, {"role": "user", "content": "x"}]
    # "äbc", a line break and "x" are six bytes; the answer {"findings": []} is sixteen.
    usage = (await provider.ask(messages=words)).json()["usage"]
    counted = [usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")]
    assert counted == [2, 4, 6]


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
async def test_an_answer_longer_than_allowed_is_cut_off(provider: Provider, limit: str) -> None:
    few: Json = {limit: 10}
    many: Json = {limit: 10_000}
    whole = await provider.said()
    answer = await provider.ask(**few)
    choice = choice_of(answer)
    assert (choice["message"]["content"], choice["finish_reason"]) == (whole[:40], "length")
    assert answer.json()["usage"]["completion_tokens"] == 10
    assert await provider.said(**many) == whole


async def test_half_a_character_is_never_sent(provider: Provider) -> None:
    await provider.fail(content="xää")
    choice = choice_of(await provider.ask(max_tokens=1))
    assert (choice["message"]["content"], choice["finish_reason"]) == ("xä", "length")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, None),
        ("", None),
        (KEY, None),
        (f"Basic {KEY}", None),
        ("Bearer another", "invalid_api_key"),
        ("Bearer ключ", "invalid_api_key"),
    ],
)
async def test_without_its_key_nothing_is_answered(
    provider: Provider, header: str | None, code: str | None
) -> None:
    headers = {} if header is None else {b"Authorization": header.encode()}
    async with AsyncClient(base_url=provider.http.base_url) as stranger:
        for answer in (
            await stranger.post("/v1/chat/completions", json=request(), headers=headers),
            await stranger.get("/v1/models", headers=headers),
        ):
            assert error_of(answer, 401)["code"] == code
            assert KEY not in answer.text
    assert [each["status"] for each in await provider.calls()] == [401]


async def test_models_are_listed_and_the_server_says_that_it_is_ready(provider: Provider) -> None:
    listed = (await provider.http.get("/v1/models")).json()
    assert [(each["id"], each["object"]) for each in listed["data"]] == [
        ("crivo-large", "model"),
        ("crivo-small", "model"),
    ]
    assert (await provider.http.get("/health/ready")).status_code == 200


async def test_an_unknown_path_is_none_of_the_api(provider: Provider) -> None:
    answer = await provider.http.post("/v1/completions", json=request())
    assert error_of(answer, 404)["message"] == "Invalid URL (POST /v1/completions)"
    error_of(await provider.http.get("/v1/chat/completions"), 405)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_refused(provider: Provider, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await provider.http.post("/v1/chat/completions", content=body, headers=headers)
    error_of(answer)


async def test_another_content_type_is_refused(provider: Provider) -> None:
    answer = await provider.http.post("/v1/chat/completions", content=json.dumps(request()))
    error_of(answer)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"messages": [{"role": "reviewer", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content[0].type",
        ),
        ({"stream": True}, "stream"),
        ({"n": 2}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, None),
        ({"temperature": 3}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"budget": 5}, "budget"),
    ],
)
def test_what_the_real_server_does_not_take_is_refused(
    changes: dict[str, Any], param: str | None
) -> None:
    assert refusal_of(**changes)["param"] == param


async def test_a_refusal_has_the_shape_that_clients_read(provider: Provider) -> None:
    error = error_of(await provider.ask(stream=True))
    assert (error["type"], error["param"]) == ("invalid_request_error", "stream")


async def test_a_prompt_larger_than_the_context_is_refused(provider: Provider) -> None:
    error = error_of(await provider.ask("x" * 600_000))
    assert error["code"] == "context_length_exceeded"


async def test_parts_of_text_and_earlier_turns_are_read(provider: Provider) -> None:
    called = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
    turns = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "ab"}, {"type": "text", "text": "c"}],
        },
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": "again"},
    ]
    usage = (await provider.ask(messages=turns)).json()["usage"]
    assert usage["prompt_tokens"] == 3  # "abc", "" and "again", with two line breaks


ITEM = ("properties", "findings", "items")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "xml"},
        {},
        {"type": "json_schema"},
        wanted(FINDINGS, name=None),
        wanted(FINDINGS, name="my review"),
        {"type": "json_schema", "json_schema": {"name": "review"}},
        wanted(changed(additionalProperties=None)),
        wanted(changed(*ITEM, additionalProperties=None)),
        wanted(changed(*ITEM, additionalProperties=True)),
        wanted(changed(*ITEM, required=["path"])),
        wanted(changed(*ITEM, required=["path", "line", "more"])),
        wanted(changed(*ITEM, required=None)),
        wanted(changed(*ITEM, "properties", "path", default="")),
        wanted(changed(*ITEM, "properties", "path", format="uri")),
        wanted(changed(*ITEM, "properties", path={"type": "array"})),
        wanted(changed(*ITEM, "properties", path={"oneOf": [{"type": "string"}]})),
        wanted(changed(*ITEM, "properties", path={"anyOf": [{"type": "object"}]})),
        wanted(changed(**{"$defs": {"Unused": {"type": "object", "properties": {}}}})),
        wanted(changed("properties", findings={"type": "array", "items": True})),
        wanted(changed(properties=["findings"])),
        wanted({"type": "array", "items": FINDINGS}),
        wanted({"anyOf": [FINDINGS]}),
    ],
)
def test_a_response_format_that_the_real_server_does_not_take_is_refused(
    wrong: dict[str, Any],
) -> None:
    assert refusal_of(response_format=wrong)["param"].startswith("response_format")


async def test_bounds_are_taken_with_strict_too(provider: Provider) -> None:
    bounded = changed("properties", "findings", maxItems=20)
    bounded["properties"]["findings"]["items"]["properties"]["path"]["maxLength"] = 300
    assert await provider.said(response_format=wanted(bounded))


async def test_without_strict_any_schema_will_do(provider: Provider) -> None:
    loose = wanted(changed(additionalProperties=None), strict=False)
    assert await provider.said(response_format=loose)


async def test_json_without_a_schema_has_to_be_asked_for_in_words_too(provider: Provider) -> None:
    json_object = {"type": "json_object"}
    assert "'json'" in error_of(await provider.ask(response_format=json_object))["message"]
    assert await provider.said("Answer in JSON.", response_format=json_object)


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        (None, "tool_calls"),
        ("auto", "tool_calls"),
        ("required", "tool_calls"),
        ({"type": "function", "function": {"name": "final_result"}}, "stop"),
    ],
)
async def test_given_a_function_it_is_called_with_the_answer(
    provider: Provider, choice: Any, reason: str
) -> None:
    words = await provider.said()
    answer = await provider.ask(response_format=None, tools=[tool()], tool_choice=choice)
    found = choice_of(answer)
    assert (found["finish_reason"], found["message"]["content"]) == (reason, None)
    (call,) = found["message"]["tool_calls"]
    assert call["id"]
    assert call["function"] == {"name": "final_result", "arguments": words}


async def test_a_function_is_not_called_when_words_are_asked_for(provider: Provider) -> None:
    words = await provider.said()
    assert await provider.said(tools=[tool()]) == words
    assert await provider.said(response_format=None, tools=[tool()], tool_choice="none") == words


@pytest.mark.parametrize(
    "wrong",
    [
        {"tools": []},
        {"tools": ["final_result"]},
        {"tools": [{"type": "retrieval"}]},
        {"tools": [tool(name="final result")]},
        {"tools": [tool(parameters=changed(additionalProperties=None))]},
        {"tool_choice": "auto"},
        {"tools": [tool()], "tool_choice": "sometimes"},
        {"tools": [tool()], "tool_choice": {"type": "function", "function": {"name": "other"}}},
    ],
)
def test_functions_that_the_real_server_does_not_take_are_refused(wrong: dict[str, Any]) -> None:
    assert refusal_of(response_format=None, **wrong)["param"].startswith("tool")
