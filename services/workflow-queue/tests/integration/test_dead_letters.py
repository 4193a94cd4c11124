"""Messages that died here are found, replayed and handled once."""

from typing import Any, Literal

import aio_pika
import pytest
from crivo_contracts.event import Event
from httpx import AsyncClient
from sqlalchemy import text
from workflow_queue.bootstrap import Service
from workflow_queue_support.builders import NOON, ORGANIZATION
from workflow_queue_support.callers import a_caller
from workflow_queue_support.peers import at_work

PATH = "/v1/dead-letters"


class PullRequestOpenedV9(Event):
    type: Literal["platform_integration.pull_request_opened.v9"] = (
        "platform_integration.pull_request_opened.v9"
    )


async def run(service: Service, *statements: str) -> None:
    async with service.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def break_steps(service: Service, event: str) -> None:
    """A bug: no event of this type can be stored."""
    await run(
        service,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the bug'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW"
        f" WHEN (NEW.type = '{event}') EXECUTE FUNCTION refuse()",
    )


async def dead(caller: AsyncClient, *, times: int = 1) -> dict[str, Any]:
    """The one open letter, once it has died so often."""
    while True:
        items = (await caller.get(PATH, params={"state": "open"})).json()["items"]
        if items and items[0]["times"] == times:
            (letter,) = items
            return dict(letter)


async def test_an_event_that_died_of_a_bug_makes_its_job_once_when_replayed(
    connected: Service,
) -> None:
    await break_steps(connected, "job_created")
    owner = a_caller(connected, organization_id=ORGANIZATION, role="owner")
    async with owner as caller, at_work(connected) as peers:
        await peers.opened()
        letter = await dead(caller)
        await run(connected, "DROP TRIGGER refuse ON events")
        replayed = (await caller.post(f"{PATH}/{letter['id']}/replay")).json()
        await peers.next("analyze_pull_request")
        await caller.post(f"{PATH}/{letter['id']}/replay")
        left = await caller.post(f"{PATH}/replay", json={})
        await peers.closed()
        await peers.next("job_cancelled")

    assert letter["queue"] == "workflow-queue.pull-requests"
    assert letter["organization_id"] == str(ORGANIZATION)
    assert "the bug" in letter["error"]
    assert [each["by"] for each in replayed["actions"]] == ["ana"]
    assert left.json() == {"replayed": 0}
    async with connected.engine.connect() as connection:
        jobs = await connection.scalar(text("SELECT count(*) FROM job_status_view"))
    assert jobs == 1


async def test_an_unknown_version_that_is_replayed_too_early_dies_again_as_the_same_letter(
    connected: Service,
) -> None:
    owner = a_caller(connected, organization_id=ORGANIZATION, role="owner")
    async with owner as caller, at_work(connected) as peers:
        await peers.say(
            PullRequestOpenedV9(organization_id=ORGANIZATION, occurred_at=NOON),
            exchange="platform_integration.events",
        )
        letter = await dead(caller)
        await caller.post(f"{PATH}/{letter['id']}/replay")
        again = await dead(caller, times=2)
        shown = (await caller.get(f"{PATH}/{letter['id']}")).json()

    assert again["id"] == letter["id"]
    assert (
        letter["type"] == shown["body"]["type"] == PullRequestOpenedV9.model_fields["type"].default
    )


async def test_what_died_in_the_gateway_is_kept_here_and_replayed_to_its_own_queue(
    connected: Service, vhost_url: str
) -> None:
    owner = a_caller(connected, organization_id=ORGANIZATION, role="owner")
    connection = await aio_pika.connect(vhost_url)
    async with owner as caller, connection, at_work(connected):
        channel = await connection.channel()
        changes = await channel.declare_queue("gateway.changes")
        grave = await channel.get_exchange("workflow-queue.dlx")
        died = aio_pika.Message(
            b"{}",
            message_id="a-change",
            headers={
                "crivo-error": "ValueError: the bug",
                "crivo-queue": changes.name,
                "cloudEvents:organizationid": str(ORGANIZATION),
            },
        )
        await grave.publish(died, routing_key=changes.name)
        letter = await dead(caller)
        replayed = (await caller.post(f"{PATH}/{letter['id']}/replay")).json()
        message = await changes.get(no_ack=True)

    assert (letter["queue"], replayed["state"]) == ("gateway.changes", "replayed")
    assert (message.body, message.message_id) == (b"{}", "a-change")


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("admin", 200), ("member", 403)])
async def test_dead_letters_are_for_owners_and_admins(
    running: Service, role: Any, status: int
) -> None:
    async with a_caller(running, organization_id=ORGANIZATION, role=role) as caller:
        assert (await caller.get(PATH)).status_code == status
