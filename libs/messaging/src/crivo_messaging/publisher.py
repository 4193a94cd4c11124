"""Publishing with confirms, where a message that no queue took is an error and not silence."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractMessage
from aio_pika.exceptions import AMQPException, DeliveryError, PublishError
from crivo_observability.traces import span
from opentelemetry.trace import SpanKind

from crivo_messaging.envelope import Envelope
from crivo_messaging.topology import Topology, declare

CONFIRM_SECONDS = 10
CLOSE_SECONDS = 5


class BrokerUnavailable(Exception):
    """The broker cannot be reached, or did not confirm in time."""


class Unroutable(Exception):
    """No queue is bound for a mandatory message, or its queue refuses more."""


@dataclass(slots=True)
class _Session:
    """One connection with its channel; what breaks it ends it, and not the one that followed."""

    connection: AbstractConnection
    channel: AbstractChannel
    exchanges: dict[str, AbstractExchange] = field(default_factory=dict)
    in_flight: int = 0

    async def exchange(self, name: str) -> AbstractExchange:
        if name not in self.exchanges:
            self.exchanges[name] = await self.channel.get_exchange(name, ensure=False)
        return self.exchanges[name]


class Publisher:
    """One connection, opened when first used and again after it broke or refused a message.

    A connection that is replaced is closed when nothing is in flight on it.
    """

    def __init__(
        self, url: str, topology: Topology, *, confirm_seconds: float = CONFIRM_SECONDS
    ) -> None:
        self._url = url
        self._topology = topology
        self._confirm_seconds = confirm_seconds
        self._session: _Session | None = None
        self._opening = asyncio.Lock()

    async def publish(self, envelope: Envelope) -> None:
        """Return once the broker confirmed; raise BrokerUnavailable or Unroutable."""
        with span(f"publish {envelope.type}", kind=SpanKind.PRODUCER, parent=envelope.traceparent):
            await self._send(
                envelope.to_amqp(),
                exchange=envelope.exchange,
                routing_key=envelope.type,
                mandatory=envelope.mandatory,
            )

    async def put(self, message: AbstractMessage, *, queue: str) -> None:
        """The same to one queue by the default exchange: no other consumer receives it again."""
        await self._send(message, exchange="", routing_key=queue, mandatory=True)

    async def _send(
        self, message: AbstractMessage, *, exchange: str, routing_key: str, mandatory: bool
    ) -> None:
        session: _Session | None = None
        try:
            async with asyncio.timeout(self._confirm_seconds):
                session = await self._open()
                session.in_flight += 1
                to = await session.exchange(exchange)
                await to.publish(message, routing_key=routing_key, mandatory=mandatory)
        except PublishError as problem:
            raise Unroutable(str(problem) or type(problem).__name__) from problem
        except DeliveryError as problem:
            # A channel opened while a quorum queue has no leader refuses for ever; the next works.
            if session is self._session:
                self._session = None
            raise Unroutable(str(problem) or type(problem).__name__) from problem
        except (AMQPException, OSError, TimeoutError, RuntimeError) as problem:
            # aio-pika raises RuntimeError for a channel that closed under its caller.
            if session is not None and session is self._session:
                await self.close()
            raise BrokerUnavailable(str(problem) or type(problem).__name__) from problem
        finally:
            if session is not None:
                session.in_flight -= 1
                if session is not self._session and not session.in_flight:
                    await _close(session.connection)

    async def _open(self) -> _Session:
        async with self._opening:
            if self._session is None or self._session.channel.is_closed:
                await self.close()
                connection = await aio_pika.connect(self._url, timeout=self._confirm_seconds)
                try:
                    channel = await connection.channel(
                        publisher_confirms=True, on_return_raises=True
                    )
                    await declare(channel, Topology(self._topology.exchanges))
                except BaseException:
                    await _close(connection)
                    raise
                self._session = _Session(connection, channel)
            return self._session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await _close(session.connection)


async def _close(connection: AbstractConnection) -> None:
    """A broker that reads nothing more would delay the closing handshake for minutes."""
    with suppress(AMQPException, OSError, RuntimeError, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.close()
