"""Others hear of a new organization."""

import asyncio
import json

import aio_pika
from crivo_testkit.inbox import forgotten, handled_long_ago
from organization.bootstrap import open_service
from organization.relay import relay, tasks
from organization_support.callers import Clock, bootstrapped, settings


async def test_a_new_organization_is_told_of(
    database_url: str, vhost_url: str, clock: Clock
) -> None:
    connection = await aio_pika.connect(vhost_url)
    configuration = settings(database_url, vhost_url)
    async with connection, open_service(configuration, clock) as service:
        channel = await connection.channel()
        exchange = await channel.declare_exchange("organization.events", "topic", durable=True)
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, "organization.organization_created.*")
        organization_id = await bootstrapped(service)
        stop = asyncio.Event()
        async with asyncio.timeout(60):
            relaying = asyncio.ensure_future(relay(configuration)(stop))
            async with queue.iterator() as messages:
                message = await anext(messages)
            stop.set()
            await relaying
        body = json.loads(message.body)
    assert message.routing_key == "organization.organization_created.v1"
    assert (body["organization_id"], body["name"]) == (str(organization_id), "Acme")


async def test_what_was_handled_long_ago_is_forgotten_while_the_relay_runs(
    database_url: str, vhost_url: str
) -> None:
    configuration, stop = settings(database_url, vhost_url), asyncio.Event()
    await handled_long_ago(database_url)
    async with asyncio.TaskGroup() as running:
        for task in tasks(configuration):
            running.create_task(task(stop))
        await forgotten(database_url)
        stop.set()
