"""What comes back: answers as they are, and a problem for everything that goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest
from gateway.application.routes import ROUTES
from gateway_support.door import Door, Services, open_door
from gateway_support.organization import Organization
from gateway_support.peers import (
    Arrived,
    Peer,
    Reply,
    breaking_off,
    hanging,
    problem,
    response,
    saying,
)

GET = b"GET /v1/sessions HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture
async def hasty(services: Services, redis_url: str) -> AsyncIterator[Door]:
    """A door that waits for nobody longer than a moment."""
    routes = [replace(route, seconds=2) for route in ROUTES]
    async with open_door(services, redis_url, routes) as door:
        yield door


async def asked(door: Door, reply: Reply, method: str = "GET") -> httpx.Response:
    door.services.organization.others = reply
    return await door.http.request(method, "/v1/sessions")


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and detail of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["detail"]


def stopping(status: int) -> Reply:
    """Answer with half of what is announced, and then hang."""

    async def reply(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(response(status, b"half", "Content-Length: 9"))
        await hanging(arrived, writer)

    return reply


async def test_a_head_is_answered_with_the_length_and_without_the_content(door: Door) -> None:
    content = response(200, b"", "Content-Length: 1234", 'ETag: "e"')
    answer = await asked(door, saying(content), "HEAD")
    assert (answer.status_code, answer.headers["content-length"]) == (200, "1234")
    assert answer.headers["etag"] == '"e"'
    refused = await door.http.head("/v2/jobs")
    assert (refused.status_code, refused.content) == (404, b"")
    # The connection is still in step.
    assert (await asked(door, saying(response(200, b"next")))).text == "next"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_content_ends_where_it_does(door: Door, status: int) -> None:
    empty = response(status, b"", "Content-Length: 0" if status == 204 else "Content-Length: 99")
    answer = await door_says(door, empty)
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert rest.startswith(b"HTTP/1.1 404 ")
    assert b"content-length" not in head.lower()
    assert b"transfer-encoding" not in head.lower()


async def door_says(door: Door, content: bytes) -> bytes:
    """Two requests on one connection: the second shows that the first is over."""
    door.services.organization.others = saying(content)
    return await door.say(GET + b"\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")


async def test_a_problem_of_a_service_is_passed_on_untouched(door: Door) -> None:
    for status in (400, 401, 404, 409, 429, 500, 503):
        said = problem(status, "as the service put it", "Retry-After: 7")
        answer = await asked(door, saying(said))
        assert told(answer) == (status, "as the service put it")
        assert answer.content == said.partition(b"\r\n\r\n")[2]
        assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("said", "passed", "detail"),
    [
        (400, 400, "organization refused this"),
        (405, 405, "organization refused this"),
        (429, 429, "organization refused this"),
        (500, 502, "organization failed"),
        (503, 503, "organization failed"),
        (504, 502, "organization failed"),
    ],
)
async def test_an_error_that_is_not_a_problem_becomes_one(
    door: Door, said: int, passed: int, detail: str
) -> None:
    inside = response(
        said, b"Traceback: password=hunter2", "Retry-After: 7", "Allow: GET", "X-Secret: 1"
    )
    answer = await asked(door, saying(inside))
    assert told(answer) == (passed, detail)
    assert (answer.headers["retry-after"], answer.headers["allow"]) == ("7", "GET")
    assert "hunter2" not in answer.text
    assert "x-secret" not in answer.headers


async def test_a_service_that_is_away_is_a_503(services: Services, redis_url: str) -> None:
    gone = Peer("gone")
    async with gone.answering():
        pass
    services.queue.url = gone.url
    async with open_door(services, redis_url) as door:
        answer = await door.http.get("/v1/jobs", headers=door.as_ana())
        assert told(answer) == (503, "workflow-queue cannot be reached now")
        assert answer.headers["retry-after"] == "5"


async def test_a_service_that_does_not_answer_is_a_504(hasty: Door) -> None:
    answer = await asked(hasty, hanging)
    assert told(answer) == (504, "organization did not answer in time")
    await hasty.services.organization.hung_up()


async def test_a_service_that_drips_has_no_longer_than_one_that_is_silent(hasty: Door) -> None:
    async def dripping(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not arrived.reader.at_eof():
            writer.write(b"X-Drop: again\r\n")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(arrived.reader.read(), 0.05)

    assert told(await asked(hasty, dripping))[0] == 504


@pytest.mark.parametrize(
    "reply",
    [
        breaking_off(b""),
        breaking_off(b"HTTP/1.1 200 OK\r\nContent-Le"),
        saying(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    ],
    ids=["silence", "half a head", "not HTTP"],
)
async def test_a_service_that_breaks_before_its_answer_is_a_502(door: Door, reply: Reply) -> None:
    assert told(await asked(door, reply)) == (502, "The connection to organization broke")


@pytest.mark.parametrize(
    "framing", [["Content-Length: 9"], ["Transfer-Encoding: chunked"]], ids=["length", "chunks"]
)
async def test_an_answer_that_breaks_off_is_never_taken_for_whole(
    door: Door, framing: list[str]
) -> None:
    content = b"4\r\nhalf\r\n" if "chunked" in framing[0] else b"half"
    half = response(200, content, *framing)
    with pytest.raises(httpx.RemoteProtocolError):
        await asked(door, breaking_off(half))
    assert (await asked(door, saying(response(200, b"whole")))).text == "whole"


async def test_an_answer_that_stops_coming_is_broken_off(hasty: Door) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await asked(hasty, stopping(200))
    await hasty.services.organization.hung_up()


async def test_the_rest_of_an_answer_that_is_replaced_is_not_waited_for(door: Door) -> None:
    assert told(await asked(door, stopping(500)))[0] == 502
    await door.services.organization.hung_up()


async def test_an_answer_goes_on_while_it_still_comes(door: Door) -> None:
    seen = asyncio.Event()

    async def in_two(_: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(response(200, b"one", "Content-Length: 6"))
        await seen.wait()
        writer.write(b"two")

    door.services.organization.others = in_two
    async with door.http.stream("GET", "/v1/sessions") as answer:
        chunks = answer.aiter_raw()
        assert await anext(chunks) == b"one"
        seen.set()
        assert await anext(chunks) == b"two"


async def gone(door: Door) -> int:
    """How many clients did not wait, by the gateway's metrics."""
    counted = 'crivo_http_request_seconds_count{method="GET",status="499"} '
    lines = (await door.http.get("/metrics")).text.split("\n")
    return sum(int(float(each.removeprefix(counted))) for each in lines if each.startswith(counted))


@pytest.mark.parametrize(
    "sent", [b"\r\n", b"Content-Length: 6\r\n\r\none"], ids=["after its body", "within its body"]
)
async def test_nothing_is_done_for_a_client_that_has_left(door: Door, sent: bytes) -> None:
    organization, before = door.services.organization, await gone(door)
    organization.others = hanging
    _, writer = await door.connect()
    writer.write(GET + sent)
    await (organization.next() if sent == b"\r\n" else organization.next_bytes())
    writer.close()
    await organization.hung_up()
    assert await gone(door) == before + 1


async def test_clients_that_left_take_no_connection_with_them(door: Door) -> None:
    """More of them, one after the other, than the pool holds."""
    organization = door.services.organization
    organization.others = hanging
    for _ in range(120):
        _, writer = await door.connect()
        writer.write(GET + b"\r\n")
        await organization.next()
        writer.close()
        await organization.hung_up()
    assert (await asked(door, saying(response(200, b"still here")))).text == "still here"


async def test_a_service_that_hangs_takes_no_other_with_it(door: Door) -> None:
    """As many requests as the pool of one service holds, and the others are as quick as before."""
    review, token = door.services.review, door.as_ana()
    review.reply = hanging
    await door.http.get("/v1/me", headers=token)
    waiting = [asyncio.create_task(door.http.get("/v1/reviews", headers=token)) for _ in range(100)]
    for _ in waiting:
        await review.next()
    assert (await door.http.get("/v1/jobs", headers=token)).text == "queue"
    assert (await door.http.post("/webhooks/github")).text == "platform"
    one_more = await door.http.get("/v1/reviews", headers=token)
    assert told(one_more) == (503, "code-review cannot be reached now")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_connections_to_services_are_used_again(door: Door) -> None:
    organization: Organization = door.services.organization
    for _ in range(5):
        await door.http.get("/v1/sessions")
    assert (len(organization.arrived), organization.connections) == (5, 1)
