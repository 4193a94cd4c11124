"""The outermost layer of every HTTP server: request id, server span, metrics and one log line."""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import structlog
from opentelemetry.trace import SpanKind
from prometheus_client import Histogram
from uuid_utils.compat import uuid7

from crivo_observability.context import caused_by
from crivo_observability.traces import span

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_ID = b"x-request-id"
EVENT_STREAM = (b"content-type", b"text/event-stream")
_SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/health/", "/metrics")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_seconds = Histogram(
    "crivo_http_request_seconds", "Duration of HTTP requests", ["method", "status"]
)
_log = structlog.get_logger()


class TracingMiddleware:
    """Continues the caller's trace and request id, or starts both."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_QUIET):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(REQUEST_ID, b"")
        request_id = given if _SANE_REQUEST_ID.fullmatch(given) else str(uuid7()).encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        parent = headers.get(b"traceparent", b"").decode("latin-1") or None
        status = 500
        started = time.perf_counter()
        began: float | None = None

        async def answer(message: MutableMapping[str, Any]) -> None:
            nonlocal status, began
            if message["type"] == "http.response.start":
                status = message["status"]
                kept = [h for h in message.get("headers", ()) if h[0].lower() != REQUEST_ID]
                message["headers"] = [*kept, (REQUEST_ID, request_id)]
                if EVENT_STREAM in kept:
                    # The length of a stream is not the duration of the response.
                    began = time.perf_counter()
            await send(message)

        method, path = scope["method"], scope["path"]
        with (
            span(f"{method} {path}", kind=SpanKind.SERVER, parent=parent),
            caused_by(correlation_id=request_id.decode()),
        ):
            try:
                await self._app(scope, receive, answer)
            finally:
                elapsed = (began or time.perf_counter()) - started
                # A client may invent methods; each label value lives for ever.
                label = method if method in _METHODS else "other"
                _seconds.labels(label, str(status)).observe(elapsed)
                _log.info(
                    "http.answered",
                    method=method,
                    path=path,
                    status=status,
                    milliseconds=round(elapsed * 1000, 2),
                )
