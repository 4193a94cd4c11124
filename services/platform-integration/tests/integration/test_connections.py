"""Connecting code hosts and repositories over the API: scoped, in pages, without secrets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from crivo_simulators.faults import Fault
from crivo_simulators.github import GitHubSimulator, run_github
from platform_integration.bootstrap import Service, open_service
from platform_integration.settings import Settings
from platform_integration_support.builders import SECRET
from platform_integration_support.callers import PRIVATE, TOKEN, Caller, a_connection
from platform_integration_support.hosts import ORDERS, propose

SOMEBODY_ELSE = UUID("019a0000-0000-7000-8000-000000000002")


@pytest.fixture
def caller(service: Service, configuration: Settings) -> Caller:
    return Caller(service, configuration)


@pytest.fixture
def stranger(service: Service, configuration: Settings) -> Caller:
    return Caller(service, configuration, organization_id=SOMEBODY_ELSE)


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[GitHubSimulator]:
    async with run_github(tmp_path / "host", token=TOKEN) as simulator:
        await propose(simulator)
        yield simulator


async def connected(caller: Caller, simulator: GitHubSimulator) -> str:
    answer = await caller.post("/v1/integrations", a_connection(api_url=simulator.url + "/"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_secrets_go_in_and_never_come_out(caller: Caller) -> None:
    made = await caller.post("/v1/integrations", a_connection())
    shown = await caller.get(f"/v1/integrations/{made.json()['id']}")
    listed = await caller.get("/v1/integrations")
    assert shown.json() == made.json() == listed.json()["items"][0]
    assert sorted(made.json()) == ["api_url", "created_at", "id", "name", "platform"]
    for answer in (made, shown, listed):
        assert TOKEN not in answer.text
        assert SECRET not in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"platform": "gopher"},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "NUL \0"},
        {"api_url": "ftp://host"},
        {"api_url": "host"},
        {"token": ""},
        {"token": "two words"},
        {"webhook_secret": "too short"},
        {"admin": True},
    ],
    ids=str,
)
async def test_a_connection_that_is_not_valid_is_refused_without_its_secrets(
    caller: Caller, wrong: dict[str, Any]
) -> None:
    answer = await caller.post("/v1/integrations", a_connection(**wrong))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(wrong)
    assert TOKEN not in answer.text
    assert (await caller.get("/v1/integrations")).json()["items"] == []


async def test_an_address_with_credentials_is_not_connected(caller: Caller) -> None:
    answer = await caller.post("/v1/integrations", a_connection(api_url="https://me:pw@host"))
    assert answer.status_code == 422


async def test_another_organization_sees_nothing(
    caller: Caller, stranger: Caller, simulator: GitHubSimulator
) -> None:
    integration_id = await connected(caller, simulator)
    repository = {"integration_id": integration_id, "full_name": ORDERS}
    assert (await stranger.post("/v1/repositories", repository)).status_code == 404
    assert (await caller.post("/v1/repositories", repository)).status_code == 201
    assert (await stranger.get(f"/v1/integrations/{integration_id}")).status_code == 404
    for path in ("/v1/integrations", "/v1/repositories", "/v1/webhook-deliveries"):
        assert (await stranger.get(path)).json() == {"items": [], "next_cursor": None}


async def test_lists_come_newest_first_and_page_by_page(
    caller: Caller, simulator: GitHubSimulator
) -> None:
    for number in range(3):
        await caller.post("/v1/integrations", a_connection(name=str(number)))
    pages = await caller.pages("/v1/integrations", limit=2)
    assert [[each["name"] for each in page] for page in pages] == [["2", "1"], ["0"]]

    integration_id = await connected(caller, simulator)
    names = [f"acme/{letter}" for letter in "abc"]
    for name in names:
        await simulator.host.create_repository(name)
        body = {"integration_id": integration_id, "full_name": name}
        await caller.post("/v1/repositories", body)
    pages = await caller.pages("/v1/repositories", limit=2)
    assert [each["full_name"] for page in pages for each in page] == names[::-1]


@pytest.mark.parametrize("path", ["integrations", "repositories", "webhook-deliveries"])
@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 201}, {"cursor": "nonsense"}, {"cursor": "WyJ4Il0"}], ids=str
)
async def test_a_page_that_cannot_be_is_a_bad_request(
    caller: Caller, path: str, query: dict[str, Any]
) -> None:
    assert (await caller.get(f"/v1/{path}", **query)).status_code == 400


async def test_a_repository_is_connected_once_and_under_the_name_of_its_host(
    caller: Caller, simulator: GitHubSimulator
) -> None:
    body = {"integration_id": await connected(caller, simulator), "full_name": "Acme/Orders"}
    made = await caller.post("/v1/repositories", body)
    assert (made.status_code, made.json()["full_name"]) == (201, ORDERS)
    assert (await caller.post("/v1/repositories", body)).status_code == 409


@pytest.mark.parametrize(
    "name", ["", "orders", "acme/orders/x", "acme/or ders", "../user", "acme/..", "./x"]
)
async def test_a_repository_needs_a_name_of_two_parts(caller: Caller, name: str) -> None:
    body = {"integration_id": str(uuid4()), "full_name": name}
    answer = await caller.post("/v1/repositories", body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["full_name"]


async def test_a_repository_may_be_hidden_by_its_name(
    caller: Caller, simulator: GitHubSimulator
) -> None:
    await simulator.host.create_repository("acme/.github")
    body = {"integration_id": await connected(caller, simulator), "full_name": "acme/.github"}
    assert (await caller.post("/v1/repositories", body)).status_code == 201


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 404}, 422),
        ({"status": 401}, 422),
        ({"status": 429, "headers": {"retry-after": "9"}}, 429),
        ({"status": 502}, 503),
        ({"drop": True}, 503),
    ],
    ids=str,
)
async def test_what_the_code_host_says_becomes_a_status(
    caller: Caller, simulator: GitHubSimulator, fault: dict[str, Any], status: int
) -> None:
    body = {"integration_id": await connected(caller, simulator), "full_name": ORDERS}
    simulator.fail(Fault(path=".", **fault))
    answer = await caller.post("/v1/repositories", body)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert TOKEN not in answer.text
    assert (await caller.get("/v1/repositories")).json()["items"] == []


@pytest.mark.parametrize("path", ["integrations", "repositories", "webhook-deliveries"])
async def test_nobody_without_an_identity_is_answered(
    service: Service, configuration: Settings, path: str
) -> None:
    assert (await Caller(service, configuration, role=None).get(f"/v1/{path}")).status_code == 401
    nowhere = Caller(service, configuration, role="service", organization_id=None)
    assert (await nowhere.get(f"/v1/{path}")).status_code == 403


async def test_a_private_address_is_refused_unless_configured(
    service: Service, configuration: Settings
) -> None:
    assert PRIVATE.startswith("http://127.")
    careful = configuration.model_copy(update={"allow_private_hosts": False})
    async with open_service(careful) as guarded:
        answer = await Caller(guarded, careful).post("/v1/integrations", a_connection())
    assert answer.status_code == 422
