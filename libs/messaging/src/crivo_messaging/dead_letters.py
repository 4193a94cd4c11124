"""Everything that ends in a dead-letter queue becomes a row: what, why, when, how often."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from aio_pika.abc import AbstractIncomingMessage
from prometheus_client import Counter

ERROR_HEADER = "crivo-error"
QUEUE_HEADER = "crivo-queue"

_stored = Counter("crivo_dead_letters_total", "Messages that were dead-lettered", ["queue", "type"])
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message nobody could handle. `id` is the same each time the same message comes back."""

    id: UUID
    message_id: str | None
    type: str
    queue: str
    reason: str
    error: str | None
    headers: Mapping[str, Any]
    body: bytes
    dead_at: datetime


class DeadLetters(Protocol):
    """Where dead letters are kept. Adding one again counts it, and changes nothing else."""

    async def add(self, letter: DeadLetter) -> None: ...


def dead_letter(message: AbstractIncomingMessage) -> DeadLetter:
    """Read why a message died: our own header when a handler failed, else the broker's x-death."""
    headers = dict(message.headers)
    queue = str(headers.get(QUEUE_HEADER) or headers.get("x-first-death-queue") or "unknown")
    error = headers.get(ERROR_HEADER)
    reason = "handler failed" if error else str(headers.get("x-first-death-reason") or "unknown")
    message_id = message.message_id
    # The broker may deliver one twice; a sender without message ids is told apart by its content.
    identity = message_id or message.body.hex()
    return DeadLetter(
        id=uuid5(NAMESPACE_OID, f"{queue}:{identity}"),
        message_id=message_id,
        type=message.type or message.routing_key or "unknown",
        queue=queue,
        reason=reason,
        error=str(error) if error else None,
        headers=json.loads(json.dumps(headers, default=str)),
        body=message.body,
        dead_at=datetime.now(UTC),
    )


async def keep(message: AbstractIncomingMessage, store: DeadLetters) -> None:
    """Store the letter; the caller acknowledges the message afterwards."""
    letter = dead_letter(message)
    await store.add(letter)
    _stored.labels(letter.queue, letter.type).inc()
    _log.error(
        "message.dead_lettered",
        type=letter.type,
        queue=letter.queue,
        reason=letter.reason,
        error=letter.error,
        message_id=letter.message_id,
    )
