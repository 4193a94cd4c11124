"""From the broker to whoever listens: once, in order, and later rather than never."""

import asyncio
import json
from typing import Literal
from uuid import UUID

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from crivo_contracts.event import Event
from crivo_messaging.topology import declare_at
from gateway.presentation.topology import CHANGES, TOPOLOGY
from gateway_support.door import Services, open_door
from gateway_support.link import link_to
from gateway_support.listener import Heard, listening_as
from gateway_support.peers import DEADLINE
from gateway_support.publishers import NOON, enclosed, job_started, publishing, working
from uuid_utils.compat import uuid7


def attempts(heard: list[Heard]) -> list[int]:
    return [each.data["attempt"] for each in heard]


async def test_a_job_that_starts_is_heard_of_by_its_organization(
    services: Services, redis_url: str, vhost_url: str, acme: UUID
) -> None:
    job: UUID = uuid7()
    await declare_at(vhost_url, TOPOLOGY)
    async with (
        open_door(services, redis_url, rabbitmq_url=vhost_url) as door,
        working(door.service),
        publishing(vhost_url) as publisher,
        listening_as(door, acme) as listener,
        listening_as(door, uuid7()) as other,
    ):
        await listener.next()
        await other.next()
        await publisher.publish(job_started(acme, job))
        heard = await listener.next()
        await publisher.publish(job_started(acme, job, 2))
        await listener.next()
        async with asyncio.TaskGroup() as tasks:
            silence = tasks.create_task(other.next())
            await asyncio.wait({silence}, timeout=0)
            assert not silence.done()
            silence.cancel()
    assert heard.event == "job_started"
    assert heard.data == {
        "job_id": str(job),
        "state": "running",
        "attempt": 1,
        "repository_id": str(job),
        "pull_request_number": 7,
        "head_sha": "a" * 40,
        "occurred_at": NOON.isoformat(),
    }


async def test_a_message_that_is_delivered_twice_is_told_once(
    services: Services, redis_url: str, vhost_url: str, acme: UUID
) -> None:
    message = job_started(acme, uuid7())
    await declare_at(vhost_url, TOPOLOGY)
    async with (
        open_door(services, redis_url, rabbitmq_url=vhost_url) as door,
        working(door.service),
        publishing(vhost_url) as publisher,
        listening_as(door, acme) as listener,
    ):
        await listener.next()
        for _ in range(3):
            await publisher.publish(message)
        await publisher.publish(job_started(acme, uuid7(), 2))
        assert attempts(await listener.some(2)) == [1, 2]


async def test_everybody_hears_all_in_the_order_in_which_it_happened(
    services: Services, redis_url: str, vhost_url: str, acme: UUID
) -> None:
    job: UUID = uuid7()
    await declare_at(vhost_url, TOPOLOGY)
    async with (
        open_door(services, redis_url, rabbitmq_url=vhost_url) as one,
        open_door(services, redis_url, rabbitmq_url=vhost_url) as two,
        listening_as(one, acme) as here,
        listening_as(two, acme) as there,
        publishing(vhost_url) as publisher,
    ):
        await here.next()
        await there.next()
        for attempt in range(1, 101):
            await publisher.publish(job_started(acme, job, attempt))
        async with working(one.service, two.service):
            heard = await here.some(100)
        assert attempts(heard) == list(range(1, 101))
        assert await there.some(100) == heard


async def test_a_worker_that_cannot_go_on_is_not_overtaken_by_another(
    services: Services, vhost_url: str, acme: UUID
) -> None:
    """Its Redis is away, so it holds the first message; the others wait behind that."""
    await declare_at(vhost_url, TOPOLOGY)
    overtaking: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    async with (
        open_door(services, "redis://127.0.0.1:1/0", rabbitmq_url=vhost_url) as door,
        publishing(vhost_url) as publisher,
        await aio_pika.connect(vhost_url) as connection,
    ):
        channel = await connection.channel()
        async with working(door.service):
            await consumed(channel)
            for attempt in (1, 2, 3):
                await publisher.publish(job_started(acme, uuid7(), attempt))
            queue = await channel.get_queue(CHANGES)
            await queue.consume(overtaking.put)
            # Long after the broker would have sent the others, if it did.
            for _ in range(20):
                await consumed(channel)
            assert overtaking.empty()
        # It gives its own back only after it has left, so that one may come last.
        bodies = [json.loads((await overtaking.get()).body) for _ in range(3)]
    assert sorted(body["attempt"] for body in bodies) == [1, 2, 3]


async def consumed(channel: AbstractChannel) -> None:
    """Return when the queue has a consumer."""
    async with asyncio.timeout(DEADLINE):
        while True:
            queue = await channel.declare_queue(CHANGES, passive=True)
            if queue.declaration_result.consumer_count:
                return


async def test_while_the_broker_is_away_the_door_is_open_and_what_happens_is_heard_later(
    services: Services, redis_url: str, vhost_url: str, acme: UUID
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    async with (
        link_to(vhost_url) as way,
        open_door(services, redis_url, rabbitmq_url=way.url) as door,
        working(door.service),
        publishing(vhost_url) as publisher,
        listening_as(door, acme) as listener,
    ):
        assert (await listener.next()).event == "ready"
        await publisher.publish(job_started(acme, uuid7(), 1))
        assert (await door.http.get("/v1/jobs", headers=door.as_ana())).text == "queue"
        await way.make()
        assert attempts([await listener.next()]) == [1]


async def test_a_message_waits_for_redis(
    services: Services, redis_url: str, vhost_url: str, acme: UUID
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    async with (
        link_to(redis_url) as way,
        open_door(services, way.url, rabbitmq_url=vhost_url) as door,
        open_door(services, redis_url) as other,
        working(door.service),
        publishing(vhost_url) as publisher,
        listening_as(other, acme) as listener,
    ):
        await listener.next()
        for attempt in (1, 2, 3):
            await publisher.publish(job_started(acme, uuid7(), attempt))
        await way.make()
        assert attempts(await listener.some(3)) == [1, 2, 3]


class JobStartedV9(Event):
    type: Literal["workflow_queue.job_started.v9"] = "workflow_queue.job_started.v9"


async def test_a_version_nobody_knows_is_kept_where_rows_are_and_stops_nobody(
    services: Services, redis_url: str, vhost_url: str, acme: UUID
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    async with (
        open_door(services, redis_url, rabbitmq_url=vhost_url) as door,
        working(door.service),
        publishing(vhost_url) as publisher,
        listening_as(door, acme) as listener,
    ):
        await listener.next()
        await publisher.publish(enclosed(JobStartedV9(organization_id=acme, occurred_at=NOON)))
        await publisher.publish(job_started(acme, uuid7()))
        assert attempts([await listener.next()]) == [1]
        async with await aio_pika.connect(vhost_url) as connection:
            channel = await connection.channel()
            dead_letters = await channel.get_queue("workflow-queue.dead-letters")
            dead_letter = await dead_letters.get(timeout=DEADLINE, no_ack=True)
    assert (dead_letter.type, dead_letter.headers["crivo-queue"]) == (
        "workflow_queue.job_started.v9",
        "gateway.changes",
    )
