"""In front of the API: what was called, and the misbehaviour that was asked for."""

import asyncio
import json
import re
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Calls: TypeAlias = deque[dict[str, Any]]
REMEMBERED = 20_000


@dataclass(slots=True, kw_only=True)
class Fault:
    """For the next `times` requests whose path matches: wait, then answer `status` or hang up.

    With `after` the request does its work first, so that only its answer is lost.
    """

    path: str
    method: str | None = None
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    message: str = "a fault, as asked"
    drop: bool = False
    after: bool = False

    def meets(self, method: str, path: str) -> bool:
        wanted = self.method in (None, method) and self.times > 0
        return wanted and re.search(self.path, path) is not None


class Misbehaving:
    """ASGI middleware; requests to `/_control` are neither counted nor disturbed."""

    def __init__(self, app: ASGIApp, faults: list[Fault], calls: Calls) -> None:
        self._app = app
        self.faults = faults
        self.calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_control"):
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        status = 0

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        fault = next((each for each in self.faults if each.meets(method, path)), None)
        if fault is None:
            await self._app(scope, receive, noting)
        else:
            fault.times -= 1
            await self._misbehave(fault, scope, receive, noting)
        self.calls.append(
            {
                "method": method,
                "path": path,
                "query": scope["query_string"].decode(),
                "status": status,
                "at": datetime.now(UTC).isoformat(),
            }
        )

    async def _misbehave(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(fault.delay_seconds)
        if fault.after:
            await self._app(scope, receive, _nowhere)
        if fault.drop:
            # A body shorter than announced: the server closes the connection under the client.
            await send(_start(200, {"content-length": "1000"}))
        elif fault.status is not None:
            headers = {"content-type": "application/json", **fault.headers}
            await send(_start(fault.status, headers))
            said = json.dumps({"message": fault.message}).encode()
            await send({"type": "http.response.body", "body": said})
        else:
            await self._app(scope, receive, send)


async def _nowhere(_: MutableMapping[str, Any]) -> None:
    """The answer gets lost."""


def _start(status: int, headers: dict[str, str]) -> dict[str, Any]:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}
