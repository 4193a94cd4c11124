"""What of a request's and an answer's headers goes through, and what is said anew."""

import pytest
from crivo_observability.traces import configure_traces
from gateway_support.door import Door
from gateway_support.peers import response, saying

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(autouse=True, scope="module")
def _traces() -> None:
    configure_traces("gateway")


async def test_a_webhook_arrives_byte_for_byte_with_what_signs_it(door: Door) -> None:
    body = bytes(range(256)) * 400 + b'\r\n\r\n{"zen": "\xc3\xa9"}  '
    signed = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "ping",
        "X-Hub-Signature-256": "sha256=ab",
        "User-Agent": "GitHub-Hookshot/1",
    }
    answer = await door.http.post("/webhooks/github", headers=signed, content=body)
    assert answer.status_code == 200
    (arrived,) = door.services.platform.arrived
    assert (arrived.body, arrived.chunked) == (body, False)
    assert set(signed.items()) <= {(name.title(), value) for name, value in arrived.headers} | {
        ("X-GitHub-Event", "ping")
    }


async def test_nothing_is_added_but_what_the_gateway_says(door: Door) -> None:
    await door.say(b"GET /v1/sessions HTTP/1.1\r\nHost: crivo.example\r\nConnection: close\r\n\r\n")
    (arrived,) = door.services.organization.arrived
    assert sorted(name for name, _ in arrived.headers) == [
        "host", "traceparent", "x-forwarded-for", "x-forwarded-proto", "x-request-id",
    ]  # fmt: skip
    assert arrived.all_of("host") == [door.services.organization.url.removeprefix("http://")]


async def test_nobody_says_from_outside_what_is_the_gateways_to_say(door: Door) -> None:
    given = (
        "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-User: root\r\n"
        "X-Real-IP: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\nTracestate: a=1\r\nBaggage: a=1\r\n"
        f"Traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n"
        "Authorization: Bearer one\r\nAuthorization: Bearer two\r\nCookie: a=1\r\n"
    )
    request = f"GET /v1/sessions HTTP/1.1\r\nHost: a\r\n{given}Connection: close\r\n\r\n"
    await door.say(request.encode())
    (arrived,) = door.services.organization.arrived
    assert sorted(name for name, _ in arrived.headers) == [
        "host", "traceparent", "x-forwarded-for", "x-forwarded-proto", "x-request-id",
    ]  # fmt: skip
    assert TRACE not in arrived.all_of("traceparent")[0]


async def test_each_request_begins_a_trace_of_its_own(door: Door) -> None:
    for _ in range(2):
        await door.http.get("/v1/sessions")
    (first,), (second,) = (
        each.all_of("traceparent") for each in door.services.organization.arrived
    )
    assert first.split("-")[1] != second.split("-")[1]


async def test_the_identity_cannot_be_named_away_by_connection(door: Door) -> None:
    await door.http.get(
        "/v1/jobs",
        headers={
            **door.as_ana(),
            "Connection": "keep-alive, Authorization, X-Request-ID, X-Mine",
            "X-Mine": "for the gateway only",
            "Keep-Alive": "timeout=5",
            "TE": "trailers",
            "Proxy-Authorization": "Basic abc",
        },
    )
    (arrived,) = door.services.queue.arrived
    names = [name for name, _ in arrived.headers]
    assert names.count("authorization") == names.count("x-request-id") == 1
    assert not {"x-mine", "keep-alive", "te", "proxy-authorization", "connection"} & set(names)


async def test_a_sane_request_id_goes_on_and_any_other_is_replaced(door: Door) -> None:
    for given in ("request-1", "short", "a b c d e f g", "x" * 65, '{"id":"12345678"}'):
        answer = await door.http.get("/v1/sessions", headers={"X-Request-ID": given})
        (passed,) = door.services.organization.arrived[-1].all_of("x-request-id")
        assert answer.headers.get_list("x-request-id") == [passed]
        assert (passed == given) == (given == "request-1")


async def test_an_answer_leaves_its_own_connection_behind(door: Door) -> None:
    door.services.organization.others = saying(
        response(
            200,
            b"4\r\nfour\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked",
            "Connection: keep-alive, X-Between",
            "X-Between: us",
            "Keep-Alive: timeout=75",
            "Server: inside/1.0",
            "X-Request-ID: another",
            'ETag: "e"',
            "Vary: Accept",
            "Vary: Origin",
        )
    )
    answer = await door.http.get("/v1/sessions")
    assert answer.text == "four"
    assert answer.headers.get_list("vary") == ["Accept", "Origin"]
    assert set(answer.headers) == {"etag", "vary", "transfer-encoding", "x-request-id"}
    assert answer.headers["x-request-id"] != "another"


async def test_a_compressed_answer_stays_as_it_is(door: Door) -> None:
    door.services.organization.others = saying(response(200, b"\x1f\x8b", "Content-Encoding: gzip"))
    async with door.http.stream("GET", "/v1/sessions") as answer:
        assert b"".join([chunk async for chunk in answer.aiter_raw()]) == b"\x1f\x8b"
    assert answer.headers["content-encoding"] == "gzip"


async def test_a_cookie_for_one_is_not_shown_by_another(door: Door) -> None:
    door.services.organization.others = saying(
        response(200, b"", "Set-Cookie: session=ana; Path=/")
    )
    for _ in range(2):
        assert "session" in (await door.http.get("/v1/sessions")).headers["set-cookie"]
        door.http.cookies.clear()
    assert not door.services.organization.arrived[-1].all_of("cookie")


async def test_an_answer_framed_twice_is_as_long_as_its_chunks(door: Door) -> None:
    framing = ("Transfer-Encoding: chunked", "Content-Length: 2")
    said = response(200, b"4\r\nfour\r\n0\r\n\r\n", *framing)
    door.services.organization.others = saying(said)
    answer = await door.http.get("/v1/sessions")
    assert answer.text == "four"
    assert "content-length" not in answer.headers
