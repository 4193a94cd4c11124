"""Every message of a dead-letter queue is stored: what, why, when, how often."""

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
# On a replayed message: the id of its dead letter, in case it is dead-lettered again.
DEAD_LETTER_HEADER = "crivo-dead-letter"

_stored = Counter("crivo_dead_letters_total", "Messages that were dead-lettered", ["queue", "type"])
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that could not be handled; `id` is the same if it is dead-lettered again.

    Headers and body are stored unchanged, secrets included, because a replay needs them; they are
    redacted when shown.
    """

    id: UUID
    organization_id: UUID | None
    message_id: str | None
    type: str
    queue: str
    reason: str
    error: str | None
    headers: Mapping[str, Any]
    body: bytes
    dead_at: datetime


class DeadLetterSink(Protocol):
    """Where dead letters are stored."""

    async def add(self, dead_letter: DeadLetter) -> None:
        """Store it; if it is known, count it, reopen it and keep the latest reason."""
        ...


def read_dead_letter(message: AbstractIncomingMessage) -> DeadLetter:
    """Read the reason: our own header when a handler failed, else the broker's x-death."""
    headers = dict(message.headers)
    queue = _text(headers.get(QUEUE_HEADER) or headers.get("x-first-death-queue") or "unknown")
    error = headers.get(ERROR_HEADER)
    reason = "handler failed" if error else headers.get("x-first-death-reason") or "unknown"
    message_id = _text(message.message_id) if message.message_id else None
    # The broker may deliver one twice; messages without an id are identified by their content.
    identity = message_id or message.body.hex()
    return DeadLetter(
        id=_uuid(headers.get(DEAD_LETTER_HEADER)) or uuid5(NAMESPACE_OID, f"{queue}:{identity}"),
        organization_id=_organization(headers, message.body),
        message_id=message_id,
        type=_text(message.type or message.routing_key or "unknown"),
        queue=queue,
        reason=_text(reason),
        error=_text(error) if error else None,
        headers=json.loads(json.dumps(headers, default=_text)),
        body=message.body,
        dead_at=datetime.now(UTC),
    )


def _organization(headers: Mapping[str, Any], body: bytes) -> UUID | None:
    if (named := _uuid(headers.get("cloudEvents:organizationid"))) is not None:
        return named
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return _uuid(event.get("organization_id")) if isinstance(event, dict) else None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _text(value: object) -> str:
    """PostgreSQL's text has no NUL, and a dead letter that cannot be stored would be lost."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


async def store_dead_letter(message: AbstractIncomingMessage, sink: DeadLetterSink) -> None:
    """Store the message; the caller acknowledges it afterwards."""
    dead_letter = read_dead_letter(message)
    await sink.add(dead_letter)
    _stored.labels(dead_letter.queue, dead_letter.type).inc()
    _log.error(
        "message.dead_lettered",
        type=dead_letter.type,
        queue=dead_letter.queue,
        reason=dead_letter.reason,
        error=dead_letter.error,
        message_id=dead_letter.message_id,
    )
