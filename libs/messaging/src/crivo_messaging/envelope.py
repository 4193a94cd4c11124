"""One message with its CloudEvents 1.0 attributes, in the AMQP protocol binding's binary mode.

The body is the contract and nothing else; the attributes travel as AMQP properties and
`cloudEvents:` headers (CloudEvents AMQP protocol binding 1.0.2, section 3.1).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from aio_pika import DeliveryMode
from aio_pika import Message as AmqpMessage
from crivo_contracts.event import Event, Message
from crivo_observability.context import causation_id, correlation_id
from crivo_observability.traces import traceparent
from uuid_utils.compat import uuid7


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message on its way: `subject` is the aggregate whose messages must keep their order."""

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    organization_id: UUID
    sequence: int
    exchange: str
    mandatory: bool
    correlation_id: str
    causation_id: str | None
    traceparent: str | None
    body: str

    @classmethod
    def of(
        cls, message: Message, *, source: str, exchange: str, subject: str, sequence: int = 0
    ) -> Self:
        """Enclose a message; correlation, causation and trace come from the work at hand."""
        return cls(
            id=uuid7(),
            type=message.type,
            source=source,
            subject=subject,
            time=message.occurred_at if isinstance(message, Event) else datetime.now(UTC),
            organization_id=message.organization_id,
            sequence=sequence,
            exchange=exchange,
            mandatory=message.mandatory,
            correlation_id=correlation_id(),
            causation_id=causation_id(),
            traceparent=traceparent(),
            body=message.model_dump_json(),
        )

    def attributes(self) -> dict[str, str]:
        """What is stored beside the body, to be put on the wire later."""
        optional = {"causationid": self.causation_id, "traceparent": self.traceparent}
        return {
            "source": self.source,
            "time": self.time.isoformat(),
            "organizationid": str(self.organization_id),
            "correlationid": self.correlation_id,
            **{name: value for name, value in optional.items() if value is not None},
        }

    @classmethod
    def stored(
        cls,
        *,
        id: UUID,  # noqa: A002 - the attribute's name in CloudEvents
        type: str,  # noqa: A002
        subject: str,
        sequence: int,
        exchange: str,
        mandatory: bool,
        attributes: dict[str, str],
        body: str,
    ) -> Self:
        """The envelope a row or a document keeps; the inverse of `attributes`."""
        return cls(
            id=id,
            type=type,
            subject=subject,
            sequence=sequence,
            exchange=exchange,
            mandatory=mandatory,
            body=body,
            source=attributes["source"],
            time=datetime.fromisoformat(attributes["time"]),
            organization_id=UUID(attributes["organizationid"]),
            correlation_id=attributes["correlationid"],
            causation_id=attributes.get("causationid"),
            traceparent=attributes.get("traceparent"),
        )

    def to_amqp(self) -> AmqpMessage:
        """Persistent, because a broker forgets the others when it restarts."""
        cloud_events = {
            "specversion": "1.0",
            "id": str(self.id),
            "type": self.type,
            "subject": self.subject,
            "sequence": str(self.sequence),
            **self.attributes(),
        }
        cloud_events.pop("traceparent", None)
        return AmqpMessage(
            self.body.encode(),
            message_id=str(self.id),
            correlation_id=self.correlation_id,
            type=self.type,
            timestamp=self.time,
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
            headers={
                **{f"cloudEvents:{name}": value for name, value in cloud_events.items()},
                **({"traceparent": self.traceparent} if self.traceparent else {}),
            },
        )
