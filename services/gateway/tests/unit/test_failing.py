"""What nobody foresaw, on the way to a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from crivo_observability.http import TracingMiddleware
from crivo_web.identity import Identity
from gateway.application.identify import Identify
from gateway.application.ports import Unidentified, UpstreamRequest, UpstreamResponse
from gateway.application.routes import ROUTES
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


async def _none() -> AsyncIterator[bytes]:
    for chunk in list[bytes]():
        yield chunk


async def test_an_error_nobody_foresaw_is_a_problem_that_tells_nothing() -> None:
    gateway = Gateway(
        routes=ROUTES,
        upstreams=Failing(),
        identify=Identify(access_tokens=Nobodys(), api_keys=Nobodys()),
        token_key="k" * 32,
        now=lambda: datetime.now(UTC),
    )
    transport = httpx.ASGITransport(TracingMiddleware(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://crivo.test") as http:
        answer = await http.get("/v1/sessions")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "hunter2" not in answer.text
