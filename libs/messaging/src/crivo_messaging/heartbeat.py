"""Signs of life: of whoever works, and of whether anybody can hear them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPException

from crivo_messaging.envelope import Envelope
from crivo_messaging.first_of import end
from crivo_messaging.publisher import BrokerAway, Publisher, Unroutable

BEAT_SECONDS = 5.0
ANSWER_SECONDS = 2.0
_log = structlog.get_logger()


@asynccontextmanager
async def beating(
    publisher: Publisher, sign: Callable[[], Envelope], *, seconds: float = BEAT_SECONDS
) -> AsyncIterator[None]:
    """Publish a sign of life at once and then again and again, until the block ends.

    Straight to the broker, past any outbox: one that is late is worth nothing. The work never
    waits for it, and goes on when the broker is away.
    """
    beats = asyncio.create_task(_beat(publisher, sign, seconds))
    try:
        yield
    finally:
        await end(beats)
    if not beats.cancelled():
        beats.result()


async def _beat(publisher: Publisher, sign: Callable[[], Envelope], seconds: float) -> None:
    while True:
        try:
            await publisher.publish(sign())
        except (BrokerAway, Unroutable) as problem:
            _log.warning("heartbeat.unheard", reason=str(problem))
        await asyncio.sleep(seconds)


class Audience:
    """Whether anybody consumes a queue, asked over one connection that is opened when needed."""

    def __init__(self, url: str, queue: str) -> None:
        self._url = url
        self._queue = queue
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None

    async def listens(self) -> bool:
        """False as well when the broker is away: then nobody can."""
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
