"""What a subscriber is given of the message itself."""

import asyncio
import threading
from uuid import UUID

from crivo_messaging.consumer import (
    FailurePolicy,
    RabbitMessage,
    create_broker,
    message_id,
    queue,
    run_consumers,
)
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import declare_at
from messaging_support.messages import TOPOLOGY, CountedV1, counted


async def test_a_subscriber_is_given_its_message_without_a_thread(vhost_url: str) -> None:
    policy = FailurePolicy("test", conflicts=())
    broker = create_broker(vhost_url, policy=policy, prefetch=5)
    given: asyncio.Queue[tuple[int, UUID]] = asyncio.Queue()
    before = {each.ident for each in threading.enumerate()}
    workers: list[str] = []

    @broker.subscriber(queue("test.numbers"))
    async def on_counted(event: CountedV1, message: RabbitMessage) -> None:
        workers.extend(
            each.name
            for each in threading.enumerate()
            if each.ident not in before and "AnyIO" in each.name
        )
        given.put_nowait((event.number, message_id(message)))

    await declare_at(vhost_url, TOPOLOGY)
    stop, publisher = asyncio.Event(), Publisher(vhost_url, TOPOLOGY)
    envelopes = [counted(number) for number in (1, 2)]
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(run_consumers(broker, policy, TOPOLOGY, stop, url=vhost_url))
        for envelope in envelopes:
            await publisher.publish(envelope)
        received = [await given.get() for _ in envelopes]
        stop.set()
    await publisher.close()
    assert sorted(received) == [(number, each.id) for number, each in enumerate(envelopes, 1)]
    assert workers == []
