"""A queue whose messages are handled in order, however many processes consume it."""

import asyncio
from dataclasses import replace

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import Topology, declare
from messaging_support.messages import TOPOLOGY, counted

ORDERED = Topology(
    TOPOLOGY.exchanges, [replace(queue, single_active=True) for queue in TOPOLOGY.queues]
)


class Consumer:
    """Writes down what it gets; `gate` holds back its acknowledgements."""

    def __init__(self, name: str, heard: "asyncio.Queue[tuple[str, int]]") -> None:
        self.name = name
        self.heard = heard
        self.gate = asyncio.Event()

    async def __call__(self, message: AbstractIncomingMessage) -> None:
        self.heard.put_nowait((self.name, int(message.headers["cloudEvents:sequence"])))  # type: ignore[arg-type]
        await self.gate.wait()
        await message.ack()

    async def begin(self, channel: AbstractChannel) -> None:
        await channel.set_qos(prefetch_count=1)
        queue = await channel.get_queue("test.numbers")
        await queue.consume(self)


async def test_one_consumer_gets_all_in_order_and_the_next_goes_on_where_it_went(
    vhost_url: str,
) -> None:
    heard: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    first, second = Consumer("first", heard), Consumer("second", heard)
    publisher = Publisher(vhost_url, ORDERED)
    async with asyncio.timeout(60), await aio_pika.connect(vhost_url) as connection:
        ours, others = await connection.channel(), await connection.channel()
        await declare(ours, ORDERED)
        await first.begin(ours)
        await second.begin(others)
        for number in range(1, 6):
            await publisher.publish(counted(number))
        assert await heard.get() == ("first", 1)
        await ours.close()  # with a message in hand
        second.gate.set()
        assert [await heard.get() for _ in range(5)] == [("second", n) for n in range(1, 6)]
    await publisher.close()
