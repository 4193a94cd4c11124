"""Heartbeats of a worker, and whether a queue has consumers that receive them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPException
from crivo_tasks.waiting import cancel_and_wait

from crivo_messaging.envelope import Envelope
from crivo_messaging.publisher import BrokerUnavailable, Publisher, Unroutable

HEARTBEAT_SECONDS = 5.0
ANSWER_SECONDS = 2.0
_log = structlog.get_logger()


@asynccontextmanager
async def heartbeat(
    publisher: Publisher, message: Callable[[], Envelope], *, seconds: float = HEARTBEAT_SECONDS
) -> AsyncIterator[None]:
    """Publish `message()` at once and then every `seconds` until the block ends.

    Sent directly to the broker, not through the outbox: a late heartbeat has no value. The work
    never waits for it and continues while the broker is unavailable.
    """
    publishing = asyncio.create_task(_publish_repeatedly(publisher, message, seconds))
    try:
        yield
    finally:
        await cancel_and_wait(publishing)
    if not publishing.cancelled():
        publishing.result()


async def _publish_repeatedly(
    publisher: Publisher, message: Callable[[], Envelope], seconds: float
) -> None:
    while True:
        try:
            await publisher.publish(message())
        except (BrokerUnavailable, Unroutable) as problem:
            _log.warning("heartbeat.publish_failed", reason=str(problem))
        await asyncio.sleep(seconds)


class QueueInspector:
    """Asks the broker about a queue, over one connection that is opened when needed."""

    def __init__(self, url: str, queue: str) -> None:
        self._url = url
        self._queue = queue
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None

    async def has_consumers(self) -> bool:
        """Also false when the broker is unavailable: then no consumer receives anything."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._channel is None or self._channel.is_closed:
                    await self._open()
                assert self._channel is not None  # noqa: S101 - _open has set it
                queue = await self._channel.declare_queue(self._queue, passive=True)
        except (AMQPException, OSError, TimeoutError, RuntimeError):
            await self.close()
            return False
        return bool(queue.declaration_result.consumer_count)

    async def _open(self) -> None:
        await self.close()
        self._connection = await aio_pika.connect(self._url)
        self._channel = await self._connection.channel()

    async def close(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(AMQPException, OSError, RuntimeError):
                await connection.close()
