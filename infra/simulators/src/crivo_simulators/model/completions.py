"""Answers in the shape of chat completions, whole or spoilt as a fault asks for."""

import secrets
import time
from dataclasses import dataclass
from typing import Any, TypeAlias

from crivo_simulators.model.asked import Asked
from crivo_simulators.model.tokens import first_tokens, tokens_of

Json: TypeAlias = dict[str, Any]
REFUSAL = "I'm sorry, but I can't assist with that request."


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`content` is None where the model refused."""

    content: str | None
    finish_reason: str
    refusal: str | None = None

    @property
    def tokens(self) -> int:
        return tokens_of(self.content or self.refusal or "")


def said(asked: Asked, content: str, kind: str = "") -> Said:
    """What becomes of the model's words: `kind` is that of a fault."""
    match kind:
        case "refusal":
            return Said(content=None, finish_reason="stop", refusal=REFUSAL)
        case "content_filter":
            return Said(content=None, finish_reason="content_filter")
        case "cut_off":
            return Said(content=content[: len(content) // 2], finish_reason="length")
        case "broken_json":
            content = f"Here is my review:\n{content[:-1]}"
    if asked.most_tokens is not None and tokens_of(content) > asked.most_tokens:
        cut = first_tokens(content, asked.most_tokens)
        return Said(content=cut, finish_reason="length")
    # Who names a function has its call as the regular end; who leaves the choice hears of it.
    called = asked.tool is not None and not asked.tool.forced
    return Said(content=content, finish_reason="tool_calls" if called else "stop")


def completion(asked: Asked, what: Said) -> Json:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked.model,
        "choices": [
            {
                "index": 0,
                "message": _message(asked, what),
                "logprobs": None,
                "finish_reason": what.finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": asked.prompt_tokens,
            "completion_tokens": what.tokens,
            "total_tokens": asked.prompt_tokens + what.tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _message(asked: Asked, what: Said) -> Json:
    message: Json = {
        "role": "assistant", "content": what.content, "refusal": what.refusal, "annotations": [],
    }  # fmt: skip
    if asked.tool is None or what.content is None:
        return message
    function = {"name": asked.tool.name, "arguments": what.content}
    call = {"id": f"call_{secrets.token_hex(12)}", "type": "function", "function": function}
    return {**message, "content": None, "tool_calls": [call]}
