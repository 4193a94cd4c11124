"""Exchanges and queues, declared in one place per service and checked when it starts.

RabbitMQ reports no error when a rule of this module is broken: a queue without a dead-letter queue
drops rejected messages, and `at-least-once` dead-lettering needs `reject-publish`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

import aio_pika
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelPreconditionFailed

CRASH_LOOP_LIMIT = 20


class TopologyMismatch(Exception):
    """The broker has an exchange or queue of this name with other arguments."""


@dataclass(frozen=True, slots=True)
class Exchange:
    name: str
    kind: Literal["topic", "direct"] = "topic"


@dataclass(frozen=True, slots=True)
class Binding:
    exchange: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The exchange and queue for rejected, expired and crash-looping messages of a queue."""

    exchange: str
    queue: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A quorum queue. Its delivery limit only stops crash loops; retries are decided elsewhere.

    With `forgets_expired` only the consumers know the dead-letter exchange: they dead-letter what
    they cannot handle, and expired messages are dropped without an alert.

    `single_active` gives all its messages to one consumer, until that one goes: with a prefetch of
    1 they are handled in order, but for one that a stopping consumer gives back.
    """

    name: str
    bindings: tuple[Binding, ...]
    dead_letters: DeadLetters
    message_ttl: timedelta | None = None
    forgets_expired: bool = False
    single_active: bool = False

    def arguments(self) -> dict[str, str | int]:
        arguments: dict[str, str | int] = {
            "x-queue-type": "quorum",
            "x-delivery-limit": CRASH_LOOP_LIMIT,
        }
        if not self.forgets_expired:
            arguments |= {
                "x-dead-letter-exchange": self.dead_letters.exchange,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            }
        if self.message_ttl:
            arguments["x-message-ttl"] = int(self.message_ttl.total_seconds() * 1000)
        if self.single_active:
            arguments["x-single-active-consumer"] = True
        return arguments


@dataclass(frozen=True, slots=True)
class Topology:
    """What one service publishes to (`exchanges`) and consumes from (`queues`)."""

    exchanges: Sequence[Exchange]
    queues: Sequence[Queue] = field(default=())

    def __post_init__(self) -> None:
        known = {exchange.name for exchange in self.exchanges}
        problems = [
            f"{queue.name} is bound to {binding.exchange}, which is not declared"
            for queue in self.queues
            for binding in queue.bindings
            if binding.exchange not in known
        ]
        problems += [f"{queue.name} has no binding" for queue in self.queues if not queue.bindings]
        if problems:
            raise TopologyMismatch("; ".join(problems))


async def declare(channel: AbstractChannel, topology: Topology) -> None:
    """Declare everything, dead-letter queues first; raise TopologyMismatch on other arguments."""
    name = ""
    try:
        for dead_letters in {queue.dead_letters for queue in topology.queues}:
            name = dead_letters.exchange
            exchange = await channel.declare_exchange(name, "topic", durable=True)
            name = dead_letters.queue
            queue = await channel.declare_queue(
                name, durable=True, arguments={"x-queue-type": "quorum"}
            )
            await queue.bind(exchange, "#")
        for wanted in topology.exchanges:
            name = wanted.name
            await channel.declare_exchange(name, wanted.kind, durable=True)
        for wanted_queue in topology.queues:
            name = wanted_queue.name
            queue = await channel.declare_queue(
                name, durable=True, arguments=dict(wanted_queue.arguments())
            )
            for binding in wanted_queue.bindings:
                await queue.bind(binding.exchange, binding.routing_key)
    except ChannelPreconditionFailed as problem:
        raise TopologyMismatch(
            f"{name} exists with other arguments; delete it or use another name: {problem}"
        ) from problem


async def declare_at(url: str, topology: Topology) -> None:
    """The same over a connection of its own."""
    connection = await aio_pika.connect(url)
    async with connection:
        await declare(await connection.channel(), topology)
