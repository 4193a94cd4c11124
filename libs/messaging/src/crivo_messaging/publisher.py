"""Publishing with confirms, where a message that no queue took is an error and not silence."""

import asyncio
from contextlib import suppress

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractMessage
from aio_pika.exceptions import AMQPException, DeliveryError, PublishError
from crivo_observability.traces import span
from opentelemetry.trace import SpanKind

from crivo_messaging.envelope import Envelope
from crivo_messaging.topology import Topology, declare

CONFIRM_SECONDS = 10


class BrokerAway(Exception):
    """The broker cannot be reached, or did not confirm in time."""


class Unroutable(Exception):
    """No queue is bound for a mandatory message, or its queue refuses more."""


class Publisher:
    """One connection, opened when first used and again after it broke."""

    def __init__(self, url: str, topology: Topology) -> None:
        self._url = url
        self._topology = topology
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchanges: dict[str, AbstractExchange] = {}
        self._opening = asyncio.Lock()

    async def publish(self, envelope: Envelope) -> None:
        """Return once the broker confirmed; raise BrokerAway or Unroutable."""
        with span(f"publish {envelope.type}", kind=SpanKind.PRODUCER, parent=envelope.traceparent):
            await self._send(
                envelope.to_amqp(),
                exchange=envelope.exchange,
                routing_key=envelope.type,
                mandatory=envelope.mandatory,
            )

    async def put(self, message: AbstractMessage, *, queue: str) -> None:
        """The same for one queue, past every exchange: no other consumer hears it again."""
        await self._send(message, exchange="", routing_key=queue, mandatory=True)

    async def _send(
        self, message: AbstractMessage, *, exchange: str, routing_key: str, mandatory: bool
    ) -> None:
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                to = await self._exchange(exchange)
                await to.publish(message, routing_key=routing_key, mandatory=mandatory)
        except (PublishError, DeliveryError) as problem:
            raise Unroutable(str(problem) or type(problem).__name__) from problem
        except (AMQPException, OSError, TimeoutError, RuntimeError) as problem:
            # aio-pika raises RuntimeError for a channel that closed under its caller.
            await self.close()
            raise BrokerAway(str(problem) or type(problem).__name__) from problem

    async def _exchange(self, name: str) -> AbstractExchange:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                await self._open()
            if name not in self._exchanges:
                assert self._channel is not None  # noqa: S101 - _open has set it
                self._exchanges[name] = await self._channel.get_exchange(name, ensure=False)
            return self._exchanges[name]

    async def _open(self) -> None:
        await self.close()
        self._connection = await aio_pika.connect(self._url, timeout=CONFIRM_SECONDS)
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        await declare(channel, Topology(self._topology.exchanges))
        self._channel = channel

    async def close(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        self._exchanges = {}
        if connection is not None:
            with suppress(AMQPException, OSError, RuntimeError):
                await connection.close()
