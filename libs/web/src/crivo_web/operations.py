"""Liveness, readiness and metrics of every process."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from crivo_observability import metrics
from crivo_observability.http import ASGIApp, Receive, Scope, Send

from crivo_web.asgi import answer

CHECK_SECONDS = 2.0

Check: TypeAlias = Callable[[], Awaitable[None]]
Checks: TypeAlias = Mapping[str, Check]
PATHS = ("/health/live", "/health/ready", "/metrics")


async def readiness(checks: Checks) -> tuple[int, dict[str, Any]]:
    """200 or 503, and the result of each check. Checks run concurrently, for 2 seconds at most."""

    async def one(check: Check) -> str:
        try:
            await asyncio.wait_for(check(), CHECK_SECONDS)
        except Exception as problem:  # noqa: BLE001 - any error means not ready
            return type(problem).__name__
        return "ok"

    outcomes = await asyncio.gather(*(one(check) for check in checks.values()))
    results = dict(zip(checks, outcomes, strict=True))
    ready = all(result == "ok" for result in results.values())
    status = "ready" if ready else "not ready"
    return (200 if ready else 503), {"status": status, "checks": results}


def with_operations(app: ASGIApp | None, checks: Checks) -> ASGIApp:
    """Answer the operations paths in front of `app`; without one, everything else is a 404."""

    async def operations(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if scope["type"] == "http" and path in PATHS:
            if path == "/metrics":
                await answer(send, 200, metrics.metrics_text(), metrics.CONTENT_TYPE)
            elif path == "/health/live":
                await _answer_json(send, 200, {"status": "alive"})
            else:
                await _answer_json(send, *await readiness(checks))
        elif app is not None:
            await app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await _answer_json(send, 404, {"title": "Not found", "status": 404})

    return operations


def operations_app(checks: Checks) -> ASGIApp:
    """The whole HTTP server of a worker or a relay."""
    return with_operations(None, checks)


async def _answer_json(send: Send, status: int, body: Mapping[str, Any]) -> None:
    await answer(send, status, json.dumps(body).encode(), "application/json")


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message: MutableMapping[str, Any] = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
