"""A strict server of OpenAI's chat completions on a real port, giving the answers it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

PATH = "/v1/chat/completions"
KNOWN = {
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "response_format",
    "tools",
    "tool_choice",
    "stream",
}


@dataclass(frozen=True)
class Reply:
    """One that `hangs` sends its head and nothing more, until the other side gives up."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False


def says(
    content: object,
    *,
    finish_reason: str | None = "stop",
    usage: object = (900, 80),
    cached: int = 0,
    **message: object,
) -> Reply:
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": text, **message},
    }
    document = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1_764_000_000,
        "model": "gpt-5-mini-of-another",
        "choices": [choice],
    }
    if isinstance(usage, tuple):
        sent, received = usage
        usage = {
            "prompt_tokens": sent,
            "completion_tokens": received,
            "total_tokens": 980,
            "prompt_tokens_details": {"cached_tokens": cached},
        }
    return a_json(document | ({"usage": usage} if usage is not None else {}))


def calls(arguments: object) -> Reply:
    """The answer as a call of the tool that takes it."""
    function = {"name": "answer", "arguments": json.dumps(arguments)}
    return says(
        None,
        finish_reason="tool_calls",
        tool_calls=[{"id": "call_1", "type": "function", "function": function}],
    )


def a_json(document: object, *, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(
        status, json.dumps(document).encode(), {"content-type": "application/json"} | named
    )


def an_error(status: int, *, code: str = "", message: str = "SERVERTEXT", **headers: str) -> Reply:
    error = {"message": message, "type": "some_error", "code": code}
    return a_json({"error": error}, status=status, **headers)


def a_page(status: int = 200) -> Reply:
    return Reply(status, b"<html>SERVERTEXT</html>", {"content-type": "text/html"})


@dataclass(frozen=True)
class Asked:
    line: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def model(self) -> str:
        return str(self.body["model"])

    def message(self, role: str) -> str:
        return "".join(each["content"] for each in self.body["messages"] if each["role"] == role)


@dataclass
class ModelEndpoint:
    """Takes the replies in turn; a request that is not in the form of the API is an error here."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    url: str = ""
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def will(self, *replies: Reply) -> None:
        self.replies += replies

    @property
    def models(self) -> Sequence[str]:
        return [each.model for each in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await _read(reader)
            self.asked.append(asked)
            self.errors += _errors(asked)
            await self._reply(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the caller has had enough
        finally:
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.replies:
            self.errors.append("asked once more than there are replies")
        reply = self.replies.pop(0) if self.replies else Reply(500)
        lines = [f"HTTP/1.1 {reply.status} X", "connection: close"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body)
        await writer.drain()
        if reply.hangs:
            self.hanging.set()
            await reader.read()
            self.left.set()


async def _read(reader: asyncio.StreamReader) -> Asked:
    line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    pairs = (each.split(": ", 1) for each in rest)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(line, headers, json.loads(body))


def _errors(asked: Asked) -> list[str]:
    wrong = [] if asked.line == f"POST {PATH} HTTP/1.1" else [asked.line]
    wrong += sorted(asked.body.keys() - KNOWN)
    roles = [each["role"] for each in asked.body["messages"]]
    wrong += [] if roles[:2] == ["system", "user"] else [f"roles {roles}"]
    limits = asked.body.keys() & {"max_tokens", "max_completion_tokens"}
    return wrong + ([] if len(limits) == 1 else [f"limits {limits}"])


@asynccontextmanager
async def model_endpoint() -> AsyncIterator[ModelEndpoint]:
    played = ModelEndpoint()
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    async with server:
        played.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        yield played
