"""A small service made with the library, asked over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from crivo_web.application import create_service
from crivo_web.identity import Identity, issue, utc_now
from crivo_web.pages import decode_cursor, encode_cursor
from crivo_web.problems import InvalidCursor
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from pydantic import BaseModel, Field

KEY = "k" * 32
ORGANIZATION = UUID("019a0000-0000-7000-8000-000000000001")


class Thing(BaseModel):
    name: str = Field(min_length=3)


class NoSuchThing(Exception):
    pass


class Busy(Exception):
    retry_after_seconds = 7


@get("/v1/things/{name:str}")
async def thing(
    name: FromPath[str], identity: NamedDependency[Identity], motto: NamedDependency[str]
) -> dict[str, str]:
    if name == "none":
        raise NoSuchThing("there is no thing of this name")
    if name == "busy":
        raise Busy("later")
    if name == "broken":
        raise RuntimeError("password=hunter2")
    return {"name": name, "for": str(identity.organization_id), "motto": motto}


@post("/v1/things")
async def make(data: JSONBody[Thing]) -> Thing:
    return data


@get("/internal/v1/bytes")
async def inside() -> str:
    return "inside"


@get("/open")
async def front() -> str:
    return "open"


def token(role: Any = "member", **changes: Any) -> dict[str, str]:
    identity = Identity(subject="u", organization_id=ORGANIZATION, role=role, issuer="gateway")
    signed = issue(identity, changes.pop("key", KEY), now=changes.pop("now", utc_now()))
    return {"Authorization": f"Bearer {signed}"}


async def away() -> None:
    raise ConnectionError("10.0.0.1 refused, password=hunter2")


async def well() -> None:
    return None


@pytest.fixture
def ready() -> dict[str, Any]:
    return {"database": well}


@pytest.fixture
def client(ready: dict[str, Any]) -> httpx.AsyncClient:
    app = create_service(
        name="things",
        version="1.0",
        token_key=KEY,
        ready=ready,
        controllers=[thing, make],
        internal=[inside],
        public=[front],
        status_of={NoSuchThing: 404, Busy: 429},
        dependencies={"motto": "festina lente"},
    )
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://things")


async def test_a_handler_is_given_the_identity_and_the_dependencies(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/things/a", headers=token())
    assert answer.json() == {"name": "a", "for": str(ORGANIZATION), "motto": "festina lente"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer nonsense"},
        token(key="x" * 32),
        token(now=utc_now() - timedelta(minutes=5)),
        token(role="emperor"),
    ],
)
async def test_without_a_valid_identity_nothing_is_answered(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get("/v1/things/a", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_people_do_not_get_inside(client: httpx.AsyncClient) -> None:
    assert (await client.get("/internal/v1/bytes", headers=token("owner"))).status_code == 403
    assert (await client.get("/internal/v1/bytes", headers=token("service"))).text == "inside"
    assert (await client.get("/open")).text == "open"


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/v1/things/none", 404, "there is no thing of this name"),
        ("/nowhere", 404, "Not Found"),
        ("/v1/things", 405, "Method Not Allowed"),
    ],
)
async def test_errors_are_problem_details(
    client: httpx.AsyncClient, path: str, status: int, detail: str
) -> None:
    answer = await client.get(path, headers={**token(), "X-Request-ID": "request-1"})
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["detail"]) == (status, detail)
    assert problem["request_id"] == "request-1"


async def test_an_unexpected_error_tells_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/things/broken", headers=token())
    assert answer.status_code == 500
    assert "hunter2" not in answer.text


async def test_an_error_can_say_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/things/busy", headers=token())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("body", [b'{"name": "ab"}', b"{}", b"{not json", b"[]"])
async def test_an_invalid_body_names_what_is_wrong(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/things", content=body, headers=token())
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Bad request"


async def test_a_body_over_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things", content=b" " * 1_000_001, headers=token())
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_process_is_ready_when_every_check_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]) == (200, {"database": "ok"})
    assert (await client.get("/health/live")).status_code == 200
    assert b"crivo_http_request_seconds" in (await client.get("/metrics")).content


@pytest.mark.parametrize("ready", [{"database": well, "broker": away}])
async def test_a_process_that_is_not_ready_says_why_and_no_secrets(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "broker": "ConnectionError"}


def test_a_cursor_comes_back_as_it_went() -> None:
    assert decode_cursor(encode_cursor("2026-11-24", 7)) == ["2026-11-24", 7]


@pytest.mark.parametrize(
    "cursor", ["", "%%%", "e30", "bnVsbA", "W3RydWVd", "W10" * 50, "é", "WyJcdWQ4MDAiXQ"]
)
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(cursor)
