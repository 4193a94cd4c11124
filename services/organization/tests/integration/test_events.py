"""Others hear of a new organization."""

import asyncio
import json

import aio_pika
from organization.bootstrap import open_service
from organization.relay import relay, tasks
from organization_support.callers import Clock, bootstrapped, settings
from sqlalchemy import text


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
        async with asyncio.timeout(30):
            relaying = asyncio.ensure_future(relay(configuration)(stop))
            async with queue.iterator() as messages:
                message = await anext(messages)
            stop.set()
            await relaying
        body = json.loads(message.body)
    assert message.routing_key == "organization.organization_created.v1"
    assert (body["organization_id"], body["name"]) == (str(organization_id), "Acme")


async def test_what_was_handled_long_ago_is_forgotten_while_the_relay_runs(
    database_url: str, vhost_url: str, clock: Clock
) -> None:
    configuration, stop = settings(database_url, vhost_url), asyncio.Event()
    async with open_service(configuration, clock) as service:
        async with service.engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO inbox (consumer, message_id, handled_at)"
                    " VALUES ('test', gen_random_uuid(), now() - interval '15 days')"
                )
            )
        async with asyncio.timeout(30), service.engine.connect() as connection:
            running = [asyncio.ensure_future(task(stop)) for task in tasks(configuration)]
            while await connection.scalar(text("SELECT count(*) FROM inbox")):
                await connection.rollback()
            stop.set()
            await asyncio.gather(*running)
