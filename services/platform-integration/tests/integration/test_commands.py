"""From a comment to what is told of it: stored with its delivery, resolved later, told once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from crivo_messaging.postgres_outbox import PostgresOutbox
from crivo_postgres.notifier import Notifier
from crivo_postgres.pool import open_pool
from platform_integration.application.ports import (
    Begin,
    HostAway,
    HostRateLimited,
    HostRefused,
)
from platform_integration.application.receive_webhook import ReceiveWebhook, ReceiveWebhookHandler
from platform_integration.application.resolve_command import (
    MAXIMUM_ATTEMPTS,
    Resolution,
    ResolveCommandHandler,
)
from platform_integration.domain.integration import Repository
from platform_integration.domain.webhook import InvalidDelivery
from platform_integration.infrastructure.connected import CachedConnectedHosts
from platform_integration.infrastructure.deliveries import PostgresDeliveries
from platform_integration.infrastructure.github_payload import read_notice
from platform_integration.infrastructure.sealing import Sealer
from platform_integration_contracts.commands import ResolveCommandV1
from platform_integration_contracts.events import ReviewCommandedV1
from platform_integration_support.builders import (
    HEAD,
    HOST_REPOSITORY,
    NOON,
    a_change_set,
    a_repository,
    a_webhook,
    an_integration,
)
from platform_integration_support.comments import (
    a_command,
    a_comment_payload,
    a_shown_pull_request,
)
from platform_integration_support.fakes import MemoryHost
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


@pytest.fixture
async def repository(begin: Begin) -> Repository:
    integration = an_integration()
    repository = a_repository(integration)
    async with begin() as tx:
        await tx.connections.add_integration(integration)
        await tx.connections.add_repository(repository)
    return repository


@pytest.fixture
async def receive(
    engine: AsyncEngine, database_url: str, sealer: Sealer, notifier: Notifier
) -> AsyncIterator[ReceiveWebhookHandler]:
    async with open_pool(database_url, size=1) as pool:
        yield ReceiveWebhookHandler(
            hosts=CachedConnectedHosts(engine, sealer),
            deliveries=PostgresDeliveries(pool, notifier),
            read_notice=read_notice,
            now=lambda: NOON,
        )


@pytest.fixture
def host() -> MemoryHost:
    host = MemoryHost(HOST_REPOSITORY, a_change_set(), {})
    host.pull_requests[7] = a_shown_pull_request()
    return host


@pytest.fixture
def resolve(begin: Begin, host: MemoryHost) -> ResolveCommandHandler:
    return ResolveCommandHandler(begin=begin, open_host=lambda _: host, now=lambda: NOON)


async def outbox(engine: AsyncEngine) -> list[Any]:
    query = text("SELECT type, exchange, subject, body::text, not_before FROM outbox")
    async with engine.connect() as connection:
        return list((await connection.execute(query)).all())


def a_comment_webhook(body: bytes) -> ReceiveWebhook:
    return a_webhook(body, x_github_event="issue_comment")


async def test_a_command_is_stored_with_its_delivery_and_asks_no_code_host(
    engine: AsyncEngine, repository: Repository, receive: ReceiveWebhookHandler
) -> None:
    webhook = a_comment_webhook(a_comment_payload("@crivo pause"))
    receipts = [await receive(webhook), await receive(webhook)]

    assert [each.status for each in receipts] == ["accepted", "duplicate"]
    ((_, exchange, _, body, _),) = await outbox(engine)
    command = ResolveCommandV1.model_validate_json(body)
    assert exchange == "platform_integration.commands"
    assert (command.repository_id, command.pull_request_number) == (repository.id, 7)
    assert (command.command, command.commanded_by) == ("pause", "ana")
    assert command.delivery_id == "d-1"
    query = text("SELECT event, action, status, repository_id FROM webhook_deliveries")
    async with engine.connect() as connection:
        assert list((await connection.execute(query)).all()) == [
            ("issue_comment", "pause", "accepted", repository.id)
        ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (a_comment_payload("LGTM"), "the comment asks nothing of us"),
        (a_comment_payload(None), "the comment asks nothing of us"),
        (a_comment_payload(action="edited"), "action edited of a comment is not reviewed"),
        (a_comment_payload(on_pull_request=False), "the comment is on an issue"),
        (a_comment_payload(association="NONE"), "ana may not ask: no access to write"),
        (a_comment_payload(association="CONTRIBUTOR"), "ana may not ask: no access to write"),
        (a_comment_payload(user={"login": "x[bot]", "type": "Bot"}), "a person has to ask"),
        (a_comment_payload(user={}), "a person has to ask"),
        (
            a_comment_payload("@crivo review\n<!-- crivo:review:1:a -->"),
            "a person has to ask",
        ),
        (a_comment_payload(state="closed"), "the pull request is closed"),
    ],
)
async def test_any_other_comment_is_ignored_with_its_reason(
    engine: AsyncEngine,
    repository: Repository,
    receive: ReceiveWebhookHandler,
    body: bytes,
    reason: str,
) -> None:
    receipt = await receive(a_comment_webhook(body))
    assert (receipt.status, receipt.reason) == ("ignored", reason)
    assert await outbox(engine) == []


@pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR"])
async def test_whoever_may_write_may_ask(
    repository: Repository, receive: ReceiveWebhookHandler, association: str
) -> None:
    receipt = await receive(a_comment_webhook(a_comment_payload(association=association)))
    assert receipt.status == "accepted"


async def test_a_comment_that_cannot_be_read_is_refused(
    repository: Repository, receive: ReceiveWebhookHandler
) -> None:
    with pytest.raises(InvalidDelivery):
        await receive(a_comment_webhook(b'{"action": "created", "issue": 7}'))


async def test_a_command_is_told_with_the_pull_request_as_it_is(
    engine: AsyncEngine, repository: Repository, resolve: ResolveCommandHandler
) -> None:
    assert await resolve(a_command(repository)) is Resolution.TOLD
    ((_, exchange, subject, body, _),) = await outbox(engine)
    event = ReviewCommandedV1.model_validate_json(body)
    assert exchange == "platform_integration.events"
    assert event.pull_request.head_sha == HEAD
    assert event.pull_request.description == a_shown_pull_request().description
    assert event.pull_request.integration_id == repository.integration_id
    assert event.change_set_id.endswith(HEAD)
    assert (event.command, event.commanded_by, event.delivery_id) == ("review", "ana", "d-1")
    # A consumer that does not know of commands yet must still hear of pushes.
    assert subject != f"{repository.id}/pulls/7"


async def test_the_same_message_again_tells_nothing_anew(
    engine: AsyncEngine, repository: Repository, resolve: ResolveCommandHandler
) -> None:
    command = a_command(repository)
    await resolve(command)
    assert await resolve(command) is Resolution.DUPLICATE
    assert len(await outbox(engine)) == 1


@pytest.mark.parametrize(
    ("problem", "pause"),
    [
        (HostAway("502"), timedelta(seconds=8)),
        (HostRateLimited(NOON + timedelta(minutes=40)), timedelta(minutes=40)),
    ],
)
async def test_while_the_code_host_cannot_answer_the_command_waits_in_the_database(
    engine: AsyncEngine,
    repository: Repository,
    host: MemoryHost,
    resolve: ResolveCommandHandler,
    problem: Exception,
    pause: timedelta,
) -> None:
    command = a_command(repository, attempt=3)
    host.failures = [problem, problem]
    assert await resolve(command) is Resolution.POSTPONED
    assert await resolve(command) is Resolution.DUPLICATE
    ((_, _, _, body, not_before),) = await outbox(engine)
    assert ResolveCommandV1.model_validate_json(body).attempt == 4
    assert not_before == NOON + pause


async def test_a_command_that_waits_is_not_published_before_its_time(
    engine: AsyncEngine,
    database_url: str,
    repository: Repository,
    host: MemoryHost,
    resolve: ResolveCommandHandler,
) -> None:
    host.failures = [HostRateLimited(NOON + timedelta(days=3650))]
    await resolve(a_command(repository))
    relayed = PostgresOutbox(database_url)
    assert await relayed.lead()
    assert await relayed.pending() == []
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE outbox SET not_before = now()"))
    assert len(await relayed.pending()) == 1
    await relayed.close()


@pytest.mark.parametrize(
    ("problem", "attempt"), [(HostAway("502"), MAXIMUM_ATTEMPTS), (HostRefused("403"), 1)]
)
async def test_a_command_that_asking_again_does_not_help_ends_among_the_dead_letters(
    engine: AsyncEngine,
    repository: Repository,
    host: MemoryHost,
    resolve: ResolveCommandHandler,
    problem: Exception,
    attempt: int,
) -> None:
    host.failures = [problem]
    with pytest.raises(type(problem)):
        await resolve(a_command(repository, attempt=attempt))
    assert await outbox(engine) == []


async def test_nothing_is_told_of_a_pull_request_that_is_gone_or_closed(
    engine: AsyncEngine, repository: Repository, host: MemoryHost, resolve: ResolveCommandHandler
) -> None:
    gone = await resolve(a_command(repository, pull_request_number=8))
    host.pull_requests[7] = a_shown_pull_request(closed=True)
    closed = await resolve(a_command(repository))
    assert (gone, closed) == (Resolution.NOT_FOUND, Resolution.CLOSED)
    assert await outbox(engine) == []
