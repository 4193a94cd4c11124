"""A message class and a topology for tests: no business noun inside."""

from datetime import UTC, datetime
from typing import ClassVar, Literal
from uuid import UUID

from crivo_contracts.event import Event
from crivo_messaging.envelope import Envelope
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology

ORGANIZATION = UUID("019a0000-0000-7000-8000-000000000001")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

TOPOLOGY = Topology(
    exchanges=[Exchange("test.events")],
    queues=[
        Queue(
            "test.numbers",
            (Binding("test.events", "test.counted.*"),),
            DeadLetters("test.dlx", "test.dead-letters"),
        )
    ],
)


class CountedV1(Event):
    mandatory: ClassVar[bool] = True

    type: Literal["test.counted.v1"] = "test.counted.v1"
    number: int
    padding: str = ""


class WhisperedV1(Event):
    """No queue has to be bound."""

    type: Literal["test.whispered.v1"] = "test.whispered.v1"


def counted(number: int, *, subject: str = "a", padding: str = "") -> Envelope:
    return Envelope.of(
        CountedV1(organization_id=ORGANIZATION, occurred_at=NOON, number=number, padding=padding),
        source="test",
        exchange="test.events",
        subject=subject,
        sequence=number,
    )


def whispered() -> Envelope:
    return Envelope.of(
        WhisperedV1(organization_id=ORGANIZATION, occurred_at=NOON),
        source="test",
        exchange="test.events",
        subject="w",
    )
