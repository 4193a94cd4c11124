"""The way to a language model: bounded, straight to the configured address, and silent."""

import json
import logging
from dataclasses import dataclass, field
from typing import Annotated, Literal

import httpx2
from pydantic import BaseModel, Field, ValidationError

CONNECT_SECONDS = 5.0
MOST_BYTES = 2_000_000
# What a server may claim for one request: a stored sum must stay a number, and a bill believable.
MOST_TOKENS = 10_000_000
NO_KEY = "none"

# They narrate addresses at INFO and bodies at DEBUG, and OPENAI_LOG alone would turn that on.
for _name in ("openai", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """`output` is how structured output is asked for, since servers differ in what they know."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    output: Literal["json_schema", "tool", "json"] = "json_schema"
    request_seconds: float = 120.0
    concurrency: int = 4


class TooLarge(Exception):
    """The answer has more than MOST_BYTES."""


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Reads an answer only as far as it may go; what is packed counts as unpacked."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        body = bytearray()
        try:
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise TooLarge
        finally:
            await answer.aclose()
        return httpx2.Response(
            answer.status_code,
            headers=[
                (name, value)
                for name, value in answer.headers.multi_items()
                if name not in ("content-encoding", "content-length", "transfer-encoding")
            ],
            content=_with_believable_usage(bytes(body)),
        )


Tokens = Annotated[int, Field(strict=True, ge=0, le=MOST_TOKENS)]


class _Details(BaseModel):
    cached_tokens: Tokens | None = None


class _Usage(BaseModel):
    prompt_tokens: Tokens
    completion_tokens: Tokens
    prompt_tokens_details: _Details | None = None


def _with_believable_usage(body: bytes) -> bytes:
    """Without usage that is odd, for which the libraries would throw a good answer away."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(document, dict) or "usage" not in document:
        return body
    said = document.pop("usage")
    try:
        usage = _Usage.model_validate(said)
    except ValidationError:
        return json.dumps(document).encode()
    total = {"total_tokens": usage.prompt_tokens + usage.completion_tokens}
    document["usage"] = usage.model_dump(exclude_none=True) | total
    return json.dumps(document).encode()


def open_client(connection: Connection) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=BoundedTransport(trust_env=False),
        timeout=httpx2.Timeout(connection.request_seconds, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    )
