"""What nobody foresaw, on the way to a service."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from crivo_observability.http import TracingMiddleware
from crivo_web.identity import Identity
from gateway.application.identify import Identify
from gateway.application.live import Change, LiveEvent, Seats
from gateway.application.ports import (
    Unidentified,
    UpstreamRequest,
    UpstreamResponse,
    Upstreams,
)
from gateway.application.routes import ROUTES
from gateway.presentation.event_streams import EventStreams, Pace
from gateway.presentation.proxy import Gateway


class Nobodys:
    async def identify(self, text: str) -> Identity:
        raise Unidentified(text)


class Failing:
    @asynccontextmanager
    async def ask(self, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
        if request.method:
            raise ZeroDivisionError("password=hunter2")
        yield UpstreamResponse(status=200, headers=[], chunks=_none())


class Silent:
    async def append(self, change: Change) -> bool:
        raise AssertionError(change)

    async def newest(self, organization_id: UUID) -> str:
        raise AssertionError(organization_id)

    async def keeps(self, organization_id: UUID, position: str) -> bool:
        raise AssertionError(position)

    async def after(
        self, organization_id: UUID, position: str, *, seconds: float
    ) -> Sequence[LiveEvent]:
        raise AssertionError(seconds)


async def _none() -> AsyncIterator[bytes]:
    for chunk in list[bytes]():
        yield chunk


class Deaf:
    """Does not hear the first time that it is cancelled."""

    def __init__(self) -> None:
        self.cancelled = 0

    @asynccontextmanager
    async def ask(self, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                if self.cancelled == 2:
                    raise
        yield UpstreamResponse(status=200, headers=[], chunks=_none())


def a_gateway(upstreams: Upstreams) -> TracingMiddleware:
    identify = Identify(access_tokens=Nobodys(), api_keys=Nobodys())
    seats = Seats(process=1, organization=1)
    return TracingMiddleware(
        Gateway(
            routes=ROUTES,
            upstreams=upstreams,
            identify=identify,
            streams=EventStreams(
                log=Silent(), identify=identify, seats=seats, clock=time.monotonic, pace=Pace()
            ),
            token_key="k" * 32,
            now=lambda: datetime.now(UTC),
        )
    )


async def test_nothing_goes_on_for_a_client_that_left_though_a_library_did_not_hear() -> None:
    deaf = Deaf()
    messages = [{"type": "http.request"}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(_: object) -> None:
        return

    path = "/v1/sessions"
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    async with asyncio.timeout(60) as deadline:
        await a_gateway(deaf)(scope, receive, send)
    assert not deadline.expired()
    assert deaf.cancelled == 2


async def test_an_error_nobody_foresaw_is_a_problem_that_tells_nothing() -> None:
    transport = httpx.ASGITransport(a_gateway(Failing()))
    async with httpx.AsyncClient(transport=transport, base_url="http://crivo.test") as http:
        answer = await http.get("/v1/sessions")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "hunter2" not in answer.text
