"""Routes in front of Litestar: what they raise is answered as Litestar would answer it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from crivo_observability.http import Receive, Scope, Send
from crivo_web.application import create_service
from crivo_web.asgi import answer
from crivo_web.direct import whole_body
from litestar import post
from litestar.exceptions import ClientException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from structlog.testing import capture_logs

LIMIT = 10


class Full(Exception):
    pass


async def box(scope: Scope, receive: Receive, send: Send) -> None:
    body = await whole_body(scope, receive, limit=LIMIT)
    if body == b"full":
        raise Full("there is no room") from OSError("the disk")
    if body == b"broken":
        raise RuntimeError("password=hunter2")
    await answer(send, 201, body, "text/plain")
    if body == b"too late":
        raise Full("there was no room")


@post("/box")
async def declared() -> str:
    return "Litestar"


async def well() -> None:
    return None


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = create_service(
        name="boxes",
        version="1.0",
        token_key="k" * 32,
        ready={"database": well},
        public=[declared],
        direct={("POST", "/box"): box},
        status_of={Full: 503},
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://boxes")


async def pieces(*each: bytes) -> AsyncIterator[bytes]:
    for piece in each:
        yield piece


async def test_a_direct_route_goes_before_litestar_and_leaves_it_the_rest(
    client: httpx.AsyncClient,
) -> None:
    answered = await client.post("/box", content=b"a thing")
    assert (answered.status_code, answered.text) == (201, "a thing")
    assert "x-request-id" in answered.headers
    assert (await client.post("/box/")).text == "Litestar"
    assert (await client.get("/box")).status_code == 405


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"full", 503, "there is no room"),
        (b"broken", 500, "Internal error; the log has it under this request id"),
        (b"x" * (LIMIT + 1), 413, "Request Entity Too Large"),
    ],
)
async def test_what_it_raises_is_a_problem(
    client: httpx.AsyncClient, body: bytes, status: int, detail: str
) -> None:
    answered = await client.post("/box", content=body, headers={"X-Request-ID": "request-1"})
    assert answered.headers["content-type"] == "application/problem+json"
    problem = answered.json()
    assert (problem["status"], problem["detail"]) == (status, detail)
    assert problem["request_id"] == "request-1"
    assert answered.headers.get("retry-after") == ("5" if status == 503 else None)


async def test_why_it_is_unavailable_is_logged_and_not_told(client: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        answered = await client.post("/box", content=b"full")
    assert "OSError" not in answered.text
    (line,) = [each for each in lines if each["event"] == "http.unavailable"]
    assert (line["log_level"], line["path"], line["reason"]) == ("warning", "/box", "OSError")


async def test_an_answer_that_was_given_is_not_given_again(client: httpx.AsyncClient) -> None:
    with pytest.raises(Full):
        await client.post("/box", content=b"too late")


async def test_a_body_that_tells_its_length_is_not_awaited() -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError

    with pytest.raises(RequestEntityTooLarge):
        await whole_body({"headers": [(b"content-length", b"11")]}, receive, limit=LIMIT)


async def test_a_body_that_does_not_tell_its_length_is_counted(client: httpx.AsyncClient) -> None:
    taken = await client.post("/box", content=pieces(b"x" * LIMIT))
    assert taken.text == "x" * LIMIT
    refused = await client.post("/box", content=pieces(b"x" * LIMIT, b"x"))
    assert refused.status_code == 413


async def test_half_a_body_is_no_body() -> None:
    arriving: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return arriving.pop(0)

    with pytest.raises(ClientException):
        await whole_body({"headers": []}, receive, limit=LIMIT)
