"""A request to the model, read as strictly as the real server reads it."""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

from crivo_simulators.model.refusals import Refused, invalid, invalid_type, invalid_value, missing
from crivo_simulators.model.tokens import tokens_of
from crivo_simulators.model.wanted import Tool, schema_of, tool_of

Json: TypeAlias = dict[str, Any]
CONTEXT_TOKENS = 128_000
ROLES = ("developer", "system", "user", "assistant", "tool")
KNOWN = frozenset({
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
    "max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model", "n",
    "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key",
    "prompt_cache_retention", "reasoning_effort", "response_format", "safety_identifier", "seed",
    "service_tier", "stop", "store", "stream", "stream_options", "temperature", "tool_choice",
    "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`schema` is what the answer should have, in words or as the arguments of `tool`."""

    model: str
    messages: tuple[Message, ...]
    schema: Json | None
    tool: Tool | None
    most_tokens: int | None
    raw: Json

    @property
    def prompt(self) -> str:
        return "\n".join(each.text for each in self.messages)

    @property
    def prompt_tokens(self) -> int:
        return tokens_of(self.prompt)


def asked_of(body: Json) -> Asked:
    """Raise Refused for whatever the real server would answer with a 400."""
    unknown = sorted(body.keys() - KNOWN)
    if unknown:
        raise invalid(f"Unrecognized request argument supplied: {unknown[0]}", unknown[0])
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise invalid("you must provide a model parameter", "model")
    _check_settings(body)
    messages = _messages(body)
    tool = tool_of(body)
    schema = schema_of(body, "".join(each.text for each in messages))
    if body.get("response_format") is not None:
        # With both, this model answers instead of calling.
        tool = None
    asked = Asked(
        model=model,
        messages=messages,
        schema=tool.parameters if tool else schema,
        tool=tool,
        most_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        raw=body,
    )
    if asked.prompt_tokens > CONTEXT_TOKENS:
        raise _too_long(asked.prompt_tokens)
    return asked


def _too_long(tokens: int) -> Refused:
    return invalid(
        f"This model's maximum context length is {CONTEXT_TOKENS} tokens. However, your messages"
        f" resulted in {tokens} tokens. Please reduce the length of the messages.",
        "messages",
        "context_length_exceeded",
    )


def _check_settings(body: Json) -> None:
    if body.get("stream"):
        raise invalid("This server does not stream.", "stream", "unsupported_value")
    if body.get("n") not in (None, 1):
        raise invalid("This server makes one choice only.", "n", "unsupported_value")
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        raise invalid(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        )
    for name in ("max_tokens", "max_completion_tokens"):
        _check_number(body.get(name), name, int, least=1)
    _check_number(body.get("temperature"), "temperature", int | float, most=2)
    _check_number(body.get("top_p"), "top_p", int | float, most=1)


def _check_number(
    given: Any, name: str, kind: Any, *, least: float = 0, most: float = math.inf
) -> None:
    if given is None:
        return
    if not isinstance(given, kind) or isinstance(given, bool):
        raise invalid_type(name, "an integer" if kind is int else "a number")
    if not least <= given <= most:
        raise invalid_value(name, f"a number from {least} to {most}")


def _messages(body: Json) -> tuple[Message, ...]:
    given = body.get("messages")
    if given is None:
        raise missing("messages")
    if not isinstance(given, list):
        raise invalid_type("messages", "an array of objects")
    if not given:
        raise invalid("[] is too short - 'messages'", "messages", "empty_array")
    return tuple(_message(each, f"messages[{position}]") for position, each in enumerate(given))


def _message(each: Any, param: str) -> Message:
    if not isinstance(each, dict):
        raise invalid_type(param, "an object")
    role = each.get("role")
    if role not in ROLES:
        raise invalid_value(f"{param}.role", " or ".join(ROLES))
    if role == "tool" and not each.get("tool_call_id"):
        raise missing(f"{param}.tool_call_id")
    content = each.get("content")
    if content is None and role == "assistant":
        # Without words it has called a function, or refused.
        return Message(role=role, text="")
    if isinstance(content, str):
        return Message(role=role, text=content)
    if not isinstance(content, list):
        raise invalid_type(f"{param}.content", "a string or an array of parts")
    parts = [_part(part, f"{param}.content[{place}]") for place, part in enumerate(content)]
    return Message(role=role, text="".join(parts))


def _part(part: Any, param: str) -> str:
    if not isinstance(part, dict) or part.get("type") not in ("text", "refusal"):
        raise invalid_value(f"{param}.type", "text")
    text = part.get(part["type"])
    if not isinstance(text, str):
        raise invalid_type(f"{param}.{part['type']}", "a string")
    return text
