"""Which paths lead where, and in which form they arrive."""

import pytest
from crivo_web.identity import Identity, bearer, verify
from gateway_support.door import Door
from gateway_support.organization import ACME, ANA, INTERNAL_KEY
from gateway_support.peers import Peer, Reply, response, saying


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/me", "organization"),
        ("/v1/repositories", "platform"),
        ("/v1/jobs", "queue"),
        ("/v1/reviews/7", "review"),
    ],
)
async def test_a_path_leads_to_its_service_with_a_signed_identity(
    door: Door, path: str, name: str
) -> None:
    answer = await door.http.get(path, headers=door.as_ana())
    assert (answer.status_code, answer.text) == (200, name)
    peer: Peer = getattr(door.services, name)
    (authorization,) = peer.arrived[-1].all_of("authorization")
    assert verify(bearer(authorization), INTERNAL_KEY) == Identity(
        subject=ANA, organization_id=ACME, role="admin", issuer="gateway"
    )


async def test_public_paths_need_no_identity_and_get_none(door: Door) -> None:
    forged = {"Authorization": "Bearer of-something-else", "Cookie": "session=1"}
    for path in ("/v1/sessions", "/v1/bootstrap"):
        assert (await door.http.post(path, headers=forged, content=b"{}")).status_code == 200
    arrived = [*door.services.organization.arrived]
    assert [each.line for each in arrived] == [
        "POST /v1/sessions HTTP/1.1",
        "POST /v1/bootstrap HTTP/1.1",
    ]
    assert not [each for each in arrived if each.all_of("authorization") or each.all_of("cookie")]


async def test_no_spelling_of_a_path_leads_inside(door: Door) -> None:
    token = door.services.organization.token()
    await door.http.get("/v1/me", headers=door.as_ana())  # the keys are known from here on
    before = door.services.arrived
    for path in (
        "/internal/v1/api-keys/verify",
        "/v1/jobs/../../internal/v1/api-keys/verify",
        "/v1/jobs/%2e%2e/%2E%2e/internal",
        "/v1/jobs/.%2e/internal",
        "/v1/jobs/%2e./internal",
        "/v1/jobs/./1",
        "/v1/jobs%2f..%2f..%2finternal",
        "/v1/jobs/..%5c..%5cinternal",
        "/v1/jobs/..\\..\\internal",
        "/v1/jobs/%252e%252e/internal",
        "/v1/jobs/..;/internal",
        "/v1/jobs//internal",
        "//internal/v1/api-keys/verify",
        "/%69nternal/v1/api-keys/verify",
        "/v1%2fjobs",
        "/v1/job%73",
        "/v1/jobs/%00",
        "/v1/jobs/%0d%0aX-Role:%20owner",
        "/V1/JOBS",
        "/v1/jobsx",
        "/schema/../internal",
        "/schema%2forganization",
        "http://127.0.0.1/internal/v1/api-keys/verify",
        "/",
        "*",
    ):
        request = f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
        answer = await door.say(f"{request}Connection: close\r\n\r\n".encode())
        assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ")), path
    assert door.services.arrived == before


async def test_path_and_query_arrive_as_they_were_written(door: Door) -> None:
    for target in (
        "/v1/jobs/a%20b/?q=%C3%A9&p=a+b&slash=%2F&list[]=[x]&quote='&empty=&again?/..",
        "/v1/jobs/%7Eana/~ana?a=1&a=2",
        '/v1/jobs?cursor=eyJ%3D%3d|^`{}"<>\\',
    ):
        token = door.services.organization.token()
        request = f"GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
        answer = await door.say(f"{request}Connection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert door.services.queue.arrived[-1].target == target.encode()


async def test_where_nothing_is_a_problem_says_so(door: Door) -> None:
    answer = await door.http.get("/v2/jobs", headers={"X-Request-ID": "request-1"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "detail": "Not found",
        "request_id": "request-1",
    }


async def test_the_schemas_of_all_services_are_listed_and_found(door: Door) -> None:
    listed = (await door.http.get("/schema")).json()
    assert set(listed) == {"organization", "platform-integration", "workflow-queue", "code-review"}
    assert (await door.http.get(listed["workflow-queue"])).text == "queue"
    assert door.services.queue.arrived[-1].target == b"/schema/openapi.json"
    refused = await door.http.post("/schema")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_methods_that_are_for_proxies_themselves_go_no_further(door: Door) -> None:
    for method in (b"CONNECT", b"TRACE", b"PROPFIND"):
        answer = await door.say(
            method + b" /v1/sessions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        assert answer.startswith(b"HTTP/1.1 405 "), method
        assert b"\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" in answer
    assert door.services.arrived == 0


def _redirect(url: str) -> Reply:
    return saying(response(307, b"", f"Location: {url}"))


async def test_a_redirect_is_for_the_client_and_leads_through_the_gateway(door: Door) -> None:
    queue = door.services.queue
    for said, passed in (
        (f"{queue.url}/v1/jobs/7", "/v1/jobs/7"),
        ("/v1/jobs/7", "/v1/jobs/7"),
        ("https://elsewhere.example/", "https://elsewhere.example/"),
    ):
        queue.reply = _redirect(said)
        answer = await door.http.get("/v1/jobs", headers=door.as_ana())
        assert (answer.status_code, answer.headers["location"]) == (307, passed)
    assert len(queue.arrived) == 3
