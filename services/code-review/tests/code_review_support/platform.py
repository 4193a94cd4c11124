"""The internal API of platform-integration, on a real port, giving the answers it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CHANGE_SET = {
    "id": "019a0000-0000-7000-8000-000000000002.7.aaaa.bbbb",
    "repository_full_name": "acme/shop",
    "pull_request_number": 7,
    "base_sha": "a" * 40,
    "head_sha": "b" * 40,
    "diff": (
        "diff --git a/cart.py b/cart.py\n--- a/cart.py\n+++ b/cart.py\n"
        "@@ -1,1 +1,2 @@\n def add(item, to=None):\n+    return eval(item)\n"
    ),
    "files": [
        {
            "path": "cart.py",
            "previous_path": None,
            "status": "modified",
            "content": "def add(item, to=None):\n    return eval(item)\n",
            "omitted_reason": None,
        }
    ],
    "truncated": False,
}


@dataclass
class Answer:
    """`body` is sent piece by piece; an answer that `hangs` never ends."""

    status: int = 200
    body: Iterable[bytes] = (json.dumps(CHANGE_SET).encode(),)
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False


def a_problem(status: int, detail: str, **headers: str) -> Answer:
    body = json.dumps({"title": "No", "status": status, "detail": detail}).encode()
    return Answer(status, (body,), {name.replace("_", "-"): it for name, it in headers.items()})


@dataclass
class PlatformIntegration:
    """Remembers the head of each request."""

    url: str
    answer: Answer = field(default_factory=Answer)
    requests: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        lines = [f"HTTP/1.1 {self.answer.status} X", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.answer.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        try:
            for piece in self.answer.body:
                writer.write(piece)
                await writer.drain()
            if self.answer.hangs:
                await reader.read()
        except ConnectionError:
            return  # the caller has had enough
        finally:
            writer.close()


@asynccontextmanager
async def platform_integration() -> AsyncIterator[PlatformIntegration]:
    played = PlatformIntegration(url="")
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    async with server:
        played.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield played
