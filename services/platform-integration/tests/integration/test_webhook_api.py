"""What a code host is answered: 202 when it can forget the delivery, else why not."""

import asyncio

import psycopg
import pytest
from crivo_postgres.connection import libpq_url
from crivo_testkit.pooler import direct_url
from httpx import Response
from platform_integration.application.ports import Begin
from platform_integration.bootstrap import Service, open_service
from platform_integration.infrastructure.purge import purge
from platform_integration.presentation.webhooks import BODY_LIMIT
from platform_integration.settings import Settings
from platform_integration_support.builders import (
    a_payload,
    a_repository,
    a_webhook,
    an_integration,
    signature,
)
from platform_integration_support.callers import Caller, settings


@pytest.fixture
async def host(service: Service, configuration: Settings, begin: Begin) -> Caller:
    """A code host with one connected repository."""
    integration = an_integration()
    async with begin() as tx:
        await tx.connections.add_integration(integration)
        await tx.connections.add_repository(a_repository(integration))
    return Caller(service, configuration, role=None)


async def deliver(host: Caller, body: bytes | None = None, **headers: str) -> Response:
    webhook = a_webhook(body, **headers)
    return await host.deliver(webhook.body, dict(webhook.headers))


async def test_a_delivery_is_accepted_once(host: Caller) -> None:
    first, second = await deliver(host), await deliver(host)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == {"delivery_id": "d-1", "status": "accepted", "reason": None}
    assert second.json()["status"] == "duplicate"


async def test_a_delivery_that_means_nothing_says_so(host: Caller) -> None:
    answer = await deliver(host, a_payload("labeled"))
    assert answer.status_code == 202
    assert answer.json()["status"] == "ignored"
    assert "labeled" in answer.json()["reason"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null"])
async def test_a_signed_body_that_is_no_payload_is_a_bad_request(host: Caller, body: bytes) -> None:
    assert (await deliver(host, body)).status_code == 400


@pytest.mark.parametrize("forged", ["", "sha256=" + "0" * 64, signature(a_payload(), "another")])
async def test_a_body_that_is_not_signed_by_a_host_of_ours_is_not_let_in(
    host: Caller, forged: str
) -> None:
    answer = await deliver(host, x_hub_signature_256=forged)
    assert answer.status_code == 401


async def test_the_largest_payload_is_taken_and_a_larger_one_is_not(host: Caller) -> None:
    payload = a_payload("labeled")
    largest = payload + b" " * (BODY_LIMIT - len(payload))
    assert (await deliver(host, largest)).status_code == 202
    assert (await deliver(host, largest + b" ")).status_code == 413


async def test_the_door_is_in_the_schema_and_takes_nothing_but_deliveries(host: Caller) -> None:
    schema = (await host.get("/schema/openapi.json")).json()
    accepted = schema["paths"]["/webhooks/github"]["post"]["responses"]["202"]
    assert accepted["content"]["application/json"]["schema"]["$ref"].endswith("/WebhookReceipt")
    assert (await host.get("/webhooks/github")).status_code == 405


async def test_a_database_that_goes_away_is_a_503_and_the_next_delivery_is_taken(
    host: Caller, database_url: str
) -> None:
    """Without a pooler, which would have another connection at hand."""
    direct = settings(direct_url(database_url))
    async with open_service(direct) as service, asyncio.timeout(60):
        host = Caller(service, direct, role=None)
        await deliver(host)
        async with await psycopg.AsyncConnection.connect(libpq_url(direct.database_url)) as held_up:
            await held_up.execute("LOCK TABLE webhook_deliveries")
            storing = asyncio.create_task(deliver(host, x_github_delivery="d-2"))
            while not await end_sessions(direct.database_url, "wait_event_type = 'Lock'"):
                pass
            away = await storing
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        back = await deliver(host, x_github_delivery="d-2")
        assert back.json()["status"] == "accepted"


async def test_the_first_delivery_after_the_database_was_away_is_taken(
    host: Caller, database_url: str
) -> None:
    direct = settings(direct_url(database_url))
    async with open_service(direct) as service:
        host = Caller(service, direct, role=None)
        await deliver(host)
        assert await end_sessions(direct.database_url)
        back = await deliver(host, x_github_delivery="d-2")
        assert (back.status_code, back.json()["status"]) == (202, "accepted")


async def end_sessions(url: str, which: str = "true") -> int:
    """How many ended."""
    others = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
    here = f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
    async with await psycopg.AsyncConnection.connect(libpq_url(url)) as connection:
        ended = await connection.execute(f"{others} {here}".encode())
        return len(await ended.fetchall())


async def test_no_database_at_all_is_a_503() -> None:
    nowhere = settings("postgresql+psycopg://nobody@127.0.0.1:1/none")
    async with open_service(nowhere) as service:
        host = Caller(service, nowhere, role=None)
        assert (await deliver(host)).status_code == 503
        ready = await host.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"] == {"database": "OperationalError"}


async def test_people_see_the_deliveries_of_their_hosts_by_status(
    host: Caller, service: Service, configuration: Settings
) -> None:
    for number in range(3):
        await deliver(host, x_github_delivery=f"d-{number}")
    await deliver(host, a_payload("labeled"), x_github_delivery="other")
    person = Caller(service, configuration)
    pages = await person.pages("/v1/webhook-deliveries", limit=2)
    assert [[each["delivery_id"] for each in page] for page in pages] == [
        ["other", "d-2"],
        ["d-1", "d-0"],
    ]
    (ignored,) = (await person.get("/v1/webhook-deliveries", status="ignored")).json()["items"]
    assert (ignored["delivery_id"], ignored["action"]) == ("other", "labeled")
    accepted = await person.pages("/v1/webhook-deliveries", status="accepted")
    assert len(accepted[0]) == 3
    assert (await person.get("/v1/webhook-deliveries", status="lost")).status_code == 400


async def test_bodies_are_forgotten_after_a_week(
    host: Caller, service: Service, database_url: str
) -> None:
    await deliver(host, x_github_delivery="old")
    await deliver(host, x_github_delivery="new")
    async with await psycopg.AsyncConnection.connect(
        libpq_url(database_url), autocommit=True
    ) as connection:
        await connection.execute(
            "UPDATE webhook_deliveries SET received_at = now() - interval '8 days'"
            " WHERE delivery_id = 'old'"
        )
        await purge(direct_url(database_url))
        kept = await connection.execute(
            "SELECT delivery_id FROM webhook_deliveries WHERE body IS NOT NULL"
        )
        assert await kept.fetchall() == [("new",)]
