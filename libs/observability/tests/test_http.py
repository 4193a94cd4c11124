import json
import logging
import time
from typing import Any

import pytest
import structlog
from crivo_observability.context import correlation_id
from crivo_observability.http import Receive, Scope, Send, TracingMiddleware
from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces, span, traceparent
from prometheus_client import REGISTRY

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def call(headers: dict[bytes, bytes]) -> tuple[dict[bytes, bytes], dict[str, Any]]:
    seen: dict[str, Any] = {}
    sent: list[Any] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        seen.update(correlation=correlation_id(), traceparent=traceparent())
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/v1/jobs", "headers": list(headers.items())}
    await TracingMiddleware(app)(scope, receive, send)
    return dict(sent[0]["headers"]), seen


@pytest.fixture(autouse=True, scope="module")
def _traces() -> None:
    configure_traces("test")


async def test_a_callers_trace_and_request_id_go_on() -> None:
    answered, seen = await call(
        {b"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01".encode(), b"x-request-id": b"abc-12345"}
    )
    assert answered[b"x-request-id"] == b"abc-12345"
    assert seen["correlation"] == "abc-12345"
    assert seen["traceparent"].split("-")[1] == TRACE


@pytest.mark.parametrize("given", [b"", b"short", b"a b c d e f g h", b"x" * 65, b'{"a":"bcdefg"}'])
async def test_a_request_id_that_is_not_sane_is_replaced(given: bytes) -> None:
    answered, seen = await call({b"x-request-id": given})
    assert answered[b"x-request-id"] != given
    assert answered[b"x-request-id"].decode() == seen["correlation"]


async def test_a_stream_of_events_counts_until_it_begins() -> None:
    """The stream lasts longer than everything before it, however busy the machine is."""
    until_it_began: list[float] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 207, "headers": headers})
        begun = time.perf_counter()
        until_it_began.append(begun - asked)
        while time.perf_counter() - begun <= until_it_began[0]:
            pass

    async def receive() -> dict[str, Any]:
        return {}

    async def send(_: object) -> None:
        return

    scope = {"type": "http", "method": "GET", "path": "/v1/events", "headers": []}
    asked = time.perf_counter()
    await TracingMiddleware(app)(scope, receive, send)
    # No other test answers with this status.
    labels = {"method": "GET", "status": "207"}
    seconds = REGISTRY.get_sample_value("crivo_http_request_seconds_sum", labels)
    assert seconds is not None
    assert seconds <= until_it_began[0]


def test_a_log_line_carries_service_and_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("gateway")
    with span("work", parent=f"00-{TRACE}-00f067aa0ba902b7-01"):
        structlog.get_logger().info("webhook.accepted", delivery_id="d-1")
    line = json.loads(capsys.readouterr().out)
    assert (line["service"], line["trace_id"], line["delivery_id"]) == ("gateway", TRACE, "d-1")
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()
