"""The failure policy of every subscriber.

- A dependency is unavailable (database, broker, another service): retry the message until it is
  back or the process stops, which requeues the message. No attempt is counted.
- A conflict with a concurrent writer: retry at once, a few times.
- Anything else: the message cannot be handled and is dead-lettered with the reason.

Expected failures do not reach this policy: handlers turn them into state.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import ContextVar
from typing import Annotated, Any
from uuid import UUID, uuid4

import aio_pika
import structlog
from aio_pika.abc import AbstractIncomingMessage
from crivo_observability.context import caused_by
from crivo_observability.traces import span
from crivo_tasks.unavailable import is_unavailable
from fast_depends.library import CustomField
from faststream import BaseMiddleware
from faststream.exceptions import NackMessage
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.message import RabbitMessage as FastStreamMessage
from opentelemetry.trace import SpanKind
from prometheus_client import Histogram
from structlog.contextvars import bound_contextvars

from crivo_messaging.dead_letters import (
    ERROR_HEADER,
    QUEUE_HEADER,
    DeadLetterSink,
    store_dead_letter,
)
from crivo_messaging.topology import Topology, declare_at

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
CONFLICT_TRIES = 8
GRACEFUL_SECONDS = 20.0

_seconds = Histogram(
    "crivo_message_seconds", "Duration of message handling", ["queue", "type", "outcome"]
)
_delivery: ContextVar[UUID] = ContextVar("delivery")
_log = structlog.get_logger()


def queue(name: str) -> RabbitQueue:
    """A queue to subscribe to; it exists already, because the topology was declared before."""
    return RabbitQueue(name, declare=False)


class _Received(CustomField):
    """FastStream's own annotation of a message, without its thread per lookup."""

    async def use(self, /, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        assert self.param_name  # noqa: S101 - set when the subscriber was made
        return {**kwargs, self.param_name: kwargs["context__"].get_local("message")}


RabbitMessage = Annotated[FastStreamMessage, _Received(cast=False)]


def message_id(message: RabbitMessage) -> UUID:
    """The id under which the inbox remembers this message."""
    return UUID(message.message_id)


def delivery_id() -> UUID:
    """The id of the delivery being handled; it stays the same when it is retried here.

    A redelivered message has another: its first delivery may still be running, in this process or
    in one that the broker has given up.
    """
    return _delivery.get()


class FailurePolicy:
    """Makes one middleware per message; `stopping` ends all retries when the process stops."""

    def __init__(self, service: str, conflicts: tuple[type[Exception], ...]) -> None:
        self.service = service
        self.conflicts = conflicts
        self.stopping = asyncio.Event()
        self.dead_letter_exchange: dict[str, str] = {}
        self.broker: RabbitBroker | None = None

    def __call__(self, message: Any, /, *, context: Any) -> "_Handling":
        return _Handling(message, context=context, policy=self)


class _Handling(BaseMiddleware[Any, Any]):
    def __init__(self, message: Any, /, *, context: Any, policy: FailurePolicy) -> None:
        super().__init__(message, context=context)
        self._policy = policy

    async def consume_scope(
        self, call_next: Callable[[Any], Awaitable[Any]], msg: StreamMessage[Any]
    ) -> Any:
        raw: AbstractIncomingMessage = msg.raw_message
        kind = _kind(raw)
        name = str(self.context.get_local("handler_").queue.name)
        started = time.perf_counter()
        outcome = "failed"
        _delivery.set(uuid4())
        with (
            caused_by(
                correlation_id=raw.correlation_id or raw.message_id or "unknown",
                causation_id=raw.message_id,
            ),
            span(
                f"consume {kind}",
                kind=SpanKind.CONSUMER,
                parent=_text(raw.headers.get("traceparent")),
            ),
            bound_contextvars(message_type=kind, message_id=raw.message_id),
        ):
            try:
                result = await self._handle(call_next, msg)
            except NackMessage:
                outcome = "given_back"
                raise
            except Exception as problem:  # noqa: BLE001 - every other error is dead-lettered
                outcome = "dead_lettered"
                _log.exception("message.failed", queue=name)
                await self._dead_letter(raw, name, problem)
                result = None
            else:
                outcome = "handled"
                _log.info("message.handled", queue=name, milliseconds=_since(started))
            finally:
                _seconds.labels(name, kind, outcome).observe(time.perf_counter() - started)
        return result

    async def _handle(
        self, call_next: Callable[[Any], Awaitable[Any]], msg: StreamMessage[Any]
    ) -> Any:
        retries = conflicts = 0
        while True:
            try:
                return await call_next(msg)
            except self._policy.conflicts:
                conflicts += 1
                if conflicts == CONFLICT_TRIES:
                    raise
            except Exception as problem:
                if not is_unavailable(problem):
                    raise
                delay = RETRY_SECONDS[min(retries, len(RETRY_SECONDS) - 1)]
                retries += 1
                _log.warning("message.retrying", reason=_reason(problem), seconds=delay)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._policy.stopping.wait(), delay)
                if self._policy.stopping.is_set():
                    raise NackMessage(requeue=True) from problem

    async def _dead_letter(
        self, raw: AbstractIncomingMessage, name: str, problem: Exception
    ) -> None:
        """Publish the message to the dead-letter exchange with its reason; a reject carries none.

        The copy is confirmed before the original is acknowledged. If publishing fails, the error is
        raised and the original is rejected to the same exchange.
        """
        exchange = self._policy.dead_letter_exchange.get(name)
        broker = self._policy.broker
        if exchange is None or broker is None:
            raise problem
        copy = aio_pika.Message(
            raw.body,
            headers={**raw.headers, ERROR_HEADER: _reason(problem), QUEUE_HEADER: name},
            message_id=raw.message_id,
            correlation_id=raw.correlation_id,
            type=raw.type,
            timestamp=raw.timestamp,
            content_type=raw.content_type,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await broker.publish(
            copy, exchange=RabbitExchange(exchange, declare=False), routing_key=_kind(raw)
        )


def _kind(raw: AbstractIncomingMessage) -> str:
    return raw.type or raw.routing_key or "unknown"


def _reason(problem: BaseException) -> str:
    return f"{type(problem).__name__}: {problem}"[:2000]


def _text(header: object) -> str | None:
    return header.decode() if isinstance(header, bytes) else str(header) if header else None


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def create_broker(
    url: str, *, policy: FailurePolicy, prefetch: int, graceful_seconds: float = GRACEFUL_SECONDS
) -> RabbitBroker:
    """A FastStream broker that always has a prefetch, the failure policy and publisher confirms."""
    broker = RabbitBroker(
        url,
        ack_policy=AckPolicy.REJECT_ON_ERROR,
        middlewares=[policy],
        default_channel=Channel(prefetch_count=prefetch, on_return_raises=True),
        graceful_timeout=graceful_seconds,
        reconnect_interval=1.0,
        logger=None,
    )
    policy.broker = broker
    return broker


async def run_consumers(
    broker: RabbitBroker,
    policy: FailurePolicy,
    topology: Topology,
    stop: asyncio.Event,
    *,
    url: str,
) -> None:
    """Declare, consume until `stop`, then finish or requeue; wait for an unavailable broker."""
    policy.dead_letter_exchange = {
        each.name: each.dead_letters.exchange for each in topology.queues
    }
    subscribed = {subscriber.queue.name for subscriber in broker.subscribers}  # type: ignore[attr-defined]
    known = {each.name for each in topology.queues}
    known |= {each.dead_letters.queue for each in topology.queues}
    if unknown := subscribed - known:
        raise LookupError(f"subscribed, but not in the topology: {sorted(unknown)}")
    try:
        await _start(broker, topology, stop, url=url)
        _log.info("consumers.started", queues=sorted(subscribed))
        await stop.wait()
    finally:
        # Also when cancelled because a sibling task failed: an open connection keeps the process.
        policy.stopping.set()
        await broker.stop()


async def _start(
    broker: RabbitBroker, topology: Topology, stop: asyncio.Event, *, url: str
) -> None:
    waits = 0
    while not stop.is_set():
        try:
            await declare_at(url, topology)
            await _shielded(broker.start())
            return
        except (aio_pika.exceptions.AMQPConnectionError, OSError) as problem:
            delay = RETRY_SECONDS[min(waits, len(RETRY_SECONDS) - 1)]
            waits += 1
            _log.warning("consumers.waiting", reason=_reason(problem), seconds=delay)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), delay)


async def _shielded(start: Coroutine[Any, Any, None]) -> None:
    """Finish before a cancellation takes effect: `stop` does not close a half-started broker."""
    starting = asyncio.ensure_future(start)
    try:
        await asyncio.shield(starting)
    finally:
        if not starting.done():
            await asyncio.wait({starting}, timeout=GRACEFUL_SECONDS)
            if not starting.cancel():
                starting.exception()


def consume_dead_letters(broker: RabbitBroker, topology: Topology, sink: DeadLetterSink) -> None:
    """Subscribe to all dead-letter queues; a dead letter is acknowledged once it is stored."""

    async def undecoded(message: RabbitMessage) -> bytes:
        return message.body

    async def on_dead_letter(message: RabbitMessage) -> None:
        await store_dead_letter(message.raw_message, sink)

    for name in sorted({each.dead_letters.queue for each in topology.queues}):
        broker.subscriber(queue(name), decoder=undecoded)(on_dead_letter)
