"""Webhooks on a real database: believed only when signed, stored once, with their event or not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from crivo_postgres.notifier import Notifier
from crivo_postgres.pool import WAIT_SECONDS, open_pool
from platform_integration.application.ports import Begin
from platform_integration.application.receive_webhook import ReceiveWebhookHandler
from platform_integration.domain.webhook import (
    CannotStore,
    InvalidDelivery,
    InvalidSignature,
    Receipt,
)
from platform_integration.infrastructure.connected import CachedConnectedHosts
from platform_integration.infrastructure.deliveries import POOL_SIZE, PostgresDeliveries
from platform_integration.infrastructure.github_payload import read_notice
from platform_integration.infrastructure.sealing import Sealer
from platform_integration_contracts.events import PullRequestOpenedV1
from platform_integration_support.builders import (
    HEAD,
    NOON,
    ORGANIZATION,
    a_payload,
    a_repository,
    a_webhook,
    an_integration,
    signature,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

UNPREPARED = {"prepare_threshold": None}


@pytest.fixture
async def receive(
    engine: AsyncEngine, database_url: str, begin: Begin, sealer: Sealer, notifier: Notifier
) -> AsyncIterator[ReceiveWebhookHandler]:
    """With one connected repository."""
    integration = an_integration()
    async with begin() as tx:
        await tx.connections.add_integration(integration)
        await tx.connections.add_repository(a_repository(integration))
    async with open_pool(database_url, size=POOL_SIZE) as pool:
        yield ReceiveWebhookHandler(
            hosts=CachedConnectedHosts(engine, sealer),
            deliveries=PostgresDeliveries(pool, notifier),
            read_notice=read_notice,
            now=lambda: NOON,
        )


async def stored(engine: AsyncEngine, what: str) -> list[tuple[object, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(what))]


async def events(engine: AsyncEngine) -> list[str]:
    return [str(row[0]) for row in await stored(engine, "SELECT body::text FROM outbox")]


async def test_an_opened_pull_request_is_stored_with_its_event(
    engine: AsyncEngine, receive: ReceiveWebhookHandler
) -> None:
    receipt = await receive(a_webhook())

    assert (receipt.status, receipt.reason) == ("accepted", None)
    (body,) = await events(engine)
    event = PullRequestOpenedV1.model_validate_json(body)
    assert event.trigger == "opened"
    assert event.pull_request.head_sha == HEAD
    assert event.change_set_id.endswith(HEAD)
    ((status, kept),) = await stored(engine, "SELECT status, body FROM webhook_deliveries")
    assert (status, kept) == ("accepted", a_payload())


@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("synchronize", "platform_integration.pull_request_updated.v1"),
        ("reopened", "platform_integration.pull_request_opened.v1"),
        ("ready_for_review", "platform_integration.pull_request_opened.v1"),
        ("closed", "platform_integration.pull_request_closed.v1"),
    ],
)
async def test_each_action_is_told_in_our_words(
    engine: AsyncEngine, receive: ReceiveWebhookHandler, action: str, event: str
) -> None:
    await receive(a_webhook(a_payload(action)))
    assert await stored(engine, "SELECT type FROM outbox") == [(event,)]


async def test_a_delivery_that_comes_twice_is_one_event(
    engine: AsyncEngine, receive: ReceiveWebhookHandler
) -> None:
    receipts = await asyncio.gather(*(receive(a_webhook()) for _ in range(8)))
    assert sorted(receipt.status for receipt in receipts) == ["accepted", *["duplicate"] * 7]
    assert len(await events(engine)) == 1


async def test_a_delivery_waits_for_a_connection_until_it_is_refused_and_keeps_none_when_given_up(
    engine: AsyncEngine, receive: ReceiveWebhookHandler
) -> None:
    def deliver(number: int) -> asyncio.Task[Receipt]:
        return asyncio.create_task(receive(a_webhook(x_github_delivery=f"d-{number}")))

    async with engine.connect() as other:
        await other.execute(text("LOCK TABLE webhook_deliveries"))
        waiting = [deliver(number) for number in range(POOL_SIZE + 1)]
        refused, stuck = await asyncio.wait(
            waiting, timeout=WAIT_SECONDS + 60, return_when=asyncio.FIRST_COMPLETED
        )
        for each in stuck:
            each.cancel()
        await asyncio.wait(stuck)
    assert [type(each.exception()) for each in refused] == [CannotStore]
    receipts = await asyncio.gather(*(deliver(100 + number) for number in range(POOL_SIZE * 3)))
    assert {receipt.status for receipt in receipts} == {"accepted"}


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (a_payload(), {"x_hub_signature_256": signature(a_payload(), "another secret")}),
        (a_payload().replace(b" ", b""), {"x_hub_signature_256": signature(a_payload())}),
        (a_payload(), {"x_hub_signature_256": ""}),
        (a_payload(), {"x_hub_signature_256": signature(a_payload()).upper()}),
        (a_payload(), {"x_hub_signature_256": "sha1=" + signature(a_payload())[7:]}),
        (a_payload(), {"x_hub_signature_256": "sha256=é"}),
    ],
    ids=["wrong key", "re-serialised", "missing", "upper case", "sha1", "not ASCII"],
)
async def test_what_is_not_signed_by_us_leaves_no_trace(
    engine: AsyncEngine, receive: ReceiveWebhookHandler, body: bytes, header: dict[str, str]
) -> None:
    with pytest.raises(InvalidSignature):
        await receive(a_webhook(body, **header))
    assert await stored(engine, "SELECT 1 FROM webhook_deliveries") == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"action": 1}', a_payload(number="seven"), b"\xff" * 10, b"[" * 99999],
)
async def test_a_signed_body_that_cannot_be_read_is_refused_and_not_stored(
    engine: AsyncEngine, receive: ReceiveWebhookHandler, body: bytes
) -> None:
    with pytest.raises(InvalidDelivery):
        await receive(a_webhook(body))
    assert await stored(engine, "SELECT 1 FROM webhook_deliveries") == []


@pytest.mark.parametrize("header", ["x_github_delivery", "x_github_event"])
@pytest.mark.parametrize("value", ["", "x" * 101])
async def test_a_delivery_must_say_what_it_is(
    receive: ReceiveWebhookHandler, header: str, value: str
) -> None:
    headers: dict[str, Any] = {header: value}
    with pytest.raises(InvalidDelivery):
        await receive(a_webhook(**headers))


@pytest.mark.parametrize(
    ("body", "event", "reason"),
    [
        (b'{"zen": "Keep it logically awesome."}', "ping", "event ping is not reviewed"),
        (a_payload("labeled"), "pull_request", "action labeled of a pull request is not reviewed"),
        (
            a_payload(repository={"id": 1, "full_name": "acme/other"}),
            "pull_request",
            "acme/other is not connected",
        ),
    ],
)
async def test_what_means_nothing_to_us_is_kept_with_its_reason_and_without_its_body(
    engine: AsyncEngine, receive: ReceiveWebhookHandler, body: bytes, event: str, reason: str
) -> None:
    receipt = await receive(a_webhook(body, x_github_event=event))
    assert (receipt.status, receipt.reason) == ("ignored", reason)
    rows = await stored(engine, "SELECT status, reason, body FROM webhook_deliveries")
    assert rows == [("ignored", reason, None)]
    assert await events(engine) == []


async def test_title_and_description_may_contain_anything_and_a_nul_is_dropped(
    engine: AsyncEngine, receive: ReceiveWebhookHandler
) -> None:
    said = "NUL \0, quote ', \u2028 and \U0001f600"
    await receive(a_webhook(a_payload(title=said, body=said)))
    (body,) = await events(engine)
    pull_request = PullRequestOpenedV1.model_validate_json(body).pull_request
    kept = said.replace("\0", "")
    assert (pull_request.title, pull_request.description) == (kept, kept)


async def test_a_repository_connected_a_moment_ago_is_known(
    begin: Begin, receive: ReceiveWebhookHandler
) -> None:
    body = a_payload(repository={"id": 99, "full_name": "acme/new"})
    unknown = await receive(a_webhook(body, x_github_delivery="first"))
    (connected,) = await receive.hosts.current()
    async with begin() as tx:
        integration = await tx.connections.integration(connected.integration_id, ORGANIZATION)
        await tx.connections.add_repository(a_repository(integration, host_id=99))
    known = await receive(a_webhook(body, x_github_delivery="second"))
    assert (unknown.status, known.status) == ("ignored", "accepted")


async def test_a_delivery_is_never_stored_without_its_event(
    engine: AsyncEngine, receive: ReceiveWebhookHandler
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE outbox ADD CHECK (false) NOT VALID"))
    with pytest.raises(psycopg.errors.CheckViolation):
        await receive(a_webhook())
    assert await stored(engine, "SELECT 1 FROM webhook_deliveries") == []


async def test_who_signs_is_read_once_for_all_who_ask_at_once(
    database_url: str, sealer: Sealer
) -> None:
    # A second read at the same time would want a second connection, and be refused.
    one = create_async_engine(
        database_url, pool_size=1, max_overflow=0, pool_timeout=0, connect_args=UNPREPARED
    )
    hosts = CachedConnectedHosts(one, sealer)
    async with one.connect():
        refused = await asyncio.gather(*(hosts.current() for _ in range(8)), return_exceptions=True)
    assert {type(each) for each in refused} == {CannotStore}
    assert await asyncio.gather(*(hosts.current() for _ in range(8))) == [[]] * 8
    await one.dispose()


async def test_no_database_is_a_503(sealer: Sealer) -> None:
    nowhere = create_async_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(CannotStore):
        await CachedConnectedHosts(nowhere, sealer).current()
    await nowhere.dispose()
