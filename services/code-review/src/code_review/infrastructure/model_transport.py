"""The way to a language model: bounded, straight to the configured address, and silent."""

import logging
from dataclasses import dataclass, field
from typing import Literal

import httpx2

CONNECT_SECONDS = 5.0
MOST_BYTES = 2_000_000
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
            content=bytes(body),
        )


def open_client(connection: Connection) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=BoundedTransport(trust_env=False),
        timeout=httpx2.Timeout(connection.request_seconds, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    )
