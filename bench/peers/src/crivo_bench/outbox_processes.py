"""The relay and the consumers of the outbox row, each a process of its own as in production.

A consumer prints the microseconds from a message's own time to the moment its handler has it.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime

import uvloop
from crivo_contracts.event import wire_type
from crivo_messaging.consumer import FailurePolicy, create_broker, queue, run_consumers
from crivo_messaging.postgres_outbox import PostgresOutbox
from crivo_messaging.publisher import Publisher
from crivo_messaging.relay import Relay
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology
from crivo_observability.logs import configure_logs
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue
from workflow_queue_contracts.events import JobStartedV1

EXCHANGE = "outbox.events"
QUEUE = "outbox.consumer"
PREFETCH = 50
TOPOLOGY = Topology(
    exchanges=[Exchange(EXCHANGE)],
    queues=[
        Queue(
            QUEUE,
            (Binding(EXCHANGE, wire_type(JobStartedV1)),),
            DeadLetters("outbox.dlx", "outbox.dead-letters"),
        )
    ],
)
RAW_QUEUE = RabbitQueue("raw", queue_type=QueueType.QUORUM, durable=True)


async def note(event: JobStartedV1) -> None:
    waited = datetime.now(UTC) - event.occurred_at
    sys.stdout.write(f"{waited.total_seconds() * 1e6:.0f}\n")
    sys.stdout.flush()


async def relay(stop: asyncio.Event, url: str) -> None:
    outbox = PostgresOutbox(os.environ["OUTBOX_DATABASE_URL"])
    await Relay(outbox, Publisher(url, TOPOLOGY)).run(stop)


async def consume(stop: asyncio.Event, url: str) -> None:
    policy = FailurePolicy("outbox", conflicts=())
    broker = create_broker(url, policy=policy, prefetch=PREFETCH)
    broker.subscriber(queue(QUEUE))(note)
    await run_consumers(broker, policy, TOPOLOGY, stop, url=url)


async def consume_raw(stop: asyncio.Event, url: str) -> None:
    broker = RabbitBroker(url, default_channel=Channel(prefetch_count=PREFETCH), logger=None)
    broker.subscriber(RAW_QUEUE)(note)
    async with broker:
        await broker.start()
        await stop.wait()


async def _run(role: str) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await {"relay": relay, "consume": consume, "consume-raw": consume_raw}[role](
        stop, os.environ["OUTBOX_RABBITMQ_URL"]
    )


if __name__ == "__main__":
    configure_logs("outbox")
    uvloop.run(_run(sys.argv[1]))
