"""Dead letters for tests."""

from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid4

from crivo_messaging.dead_letter_service import DeadLetterRepository, DeadLetterScope
from crivo_messaging.dead_letters import DeadLetter, DeadLetterSink
from messaging_support.messages import NOON, ORGANIZATION

OWNER = DeadLetterScope(organization_id=ORGANIZATION, without_organization=True)
ADMIN = DeadLetterScope(organization_id=ORGANIZATION, without_organization=False)


class Store(DeadLetterSink, DeadLetterRepository, Protocol):
    """Both sides of one store."""


def a_dead_letter(
    *,
    minute: int = 0,
    organization_id: UUID | None = ORGANIZATION,
    queue: str = "test.numbers",
    type: str = "test.counted.v1",  # noqa: A002
    error: str = "ValueError: poison",
) -> DeadLetter:
    return DeadLetter(
        id=uuid4(),
        organization_id=organization_id,
        message_id=str(uuid4()),
        type=type,
        queue=queue,
        reason="handler failed",
        error=error,
        headers={"cloudEvents:type": type, "x-death": [{"count": 1, "queue": queue}]},
        body=b'{"number": 1, "odd": "\x00\xff"}',
        dead_at=NOON + timedelta(minutes=minute),
    )
