"""The outbox, inbox and dead letters of a service that keeps its state in PostgreSQL."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from crivo_messaging.envelope import Envelope

# As psycopg takes it, because hot paths speak psycopg. Any number of messages, in their order.
OUTBOX_APPEND = """
INSERT INTO outbox (id, type, subject, sequence, exchange, mandatory, attributes, body)
SELECT id, type, subject, sequence, exchange, mandatory, attributes, body
FROM unnest(%(outbox_ids)s::uuid[], %(outbox_types)s::text[], %(outbox_subjects)s::text[],
            %(outbox_sequences)s::int[], %(outbox_exchanges)s::text[],
            %(outbox_mandatory)s::bool[], %(outbox_attributes)s::json[], %(outbox_bodies)s::json[])
     WITH ORDINALITY
     AS message (id, type, subject, sequence, exchange, mandatory, attributes, body, place)
ORDER BY place
"""
INBOX_CLAIM = """
INSERT INTO inbox (consumer, message_id) VALUES (%(consumer)s, %(message_id)s)
ON CONFLICT DO NOTHING RETURNING message_id
"""


@dataclass(frozen=True, slots=True)
class MessagingTables:
    outbox: Table
    inbox: Table
    dead_letters: Table


def messaging_tables(metadata: MetaData) -> MessagingTables:
    """Add the three tables to a service's metadata; the same in every service."""
    outbox = Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(), primary_key=True),
        Column("id", Uuid, nullable=False, unique=True),
        Column("type", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("exchange", Text, nullable=False),
        Column("mandatory", Boolean, nullable=False),
        # json, not jsonb: the text is kept as it is, and jsonb refuses the NUL character.
        Column("attributes", JSON, nullable=False),
        Column("body", JSON, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("not_before", DateTime(timezone=True)),
        Column("published_at", DateTime(timezone=True)),
    )
    unpublished = outbox.c.published_at.is_(None)
    Index("outbox_unpublished", outbox.c.position, postgresql_where=unpublished)
    Index(
        "outbox_postponed",
        outbox.c.subject,
        postgresql_where=unpublished & outbox.c.not_before.is_not(None),
    )
    inbox = Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("message_id", Uuid, primary_key=True),
        Column("handled_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
    Index("inbox_handled_at", inbox.c.handled_at)
    dead_letters = Table(
        "dead_letters",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("message_id", Text),
        Column("type", Text, nullable=False),
        Column("queue", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text),
        Column("headers", JSON, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("times", Integer, nullable=False, server_default=text("1")),
        Column("dead_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        # The organization that the message names; the actions taken, by whom and when.
        Column("organization_id", Uuid),
        Column("state", Text, nullable=False, server_default=text("'open'")),
        Column("actions", JSON, nullable=False, server_default=text("'[]'")),
    )
    Index("dead_letters_dead_at", dead_letters.c.dead_at)
    Index(
        "dead_letters_listed",
        dead_letters.c.organization_id,
        dead_letters.c.dead_at.desc(),
        dead_letters.c.id.desc(),
    )
    # Counted on every scrape, so closed ones must not be read.
    Index(
        "dead_letters_open",
        dead_letters.c.dead_at,
        postgresql_where=dead_letters.c.state == text("'open'"),
    )
    return MessagingTables(outbox, inbox, dead_letters)


def outbox_parameters(envelope: Envelope) -> dict[str, object]:
    """The columns of one message, for a statement that stores more than it."""
    return {
        "id": envelope.id,
        "type": envelope.type,
        "subject": envelope.subject,
        "sequence": envelope.sequence,
        "exchange": envelope.exchange,
        "mandatory": envelope.mandatory,
        "attributes": json.dumps(envelope.attributes()),
        "body": envelope.body,
    }


def outbox_arrays(envelopes: Sequence[Envelope]) -> dict[str, object]:
    """The parameters of OUTBOX_APPEND."""
    return {
        "outbox_ids": [each.id for each in envelopes],
        "outbox_types": [each.type for each in envelopes],
        "outbox_subjects": [each.subject for each in envelopes],
        "outbox_sequences": [each.sequence for each in envelopes],
        "outbox_exchanges": [each.exchange for each in envelopes],
        "outbox_mandatory": [each.mandatory for each in envelopes],
        "outbox_attributes": [json.dumps(each.attributes()) for each in envelopes],
        "outbox_bodies": [each.body for each in envelopes],
    }


async def append(connection: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
    """Store messages in the transaction of the change they tell of."""
    if envelopes:
        await connection.exec_driver_sql(OUTBOX_APPEND, outbox_arrays(envelopes))


async def first_time(connection: AsyncConnection, *, consumer: str, message_id: UUID) -> bool:
    """Claim a message for a consumer in its transaction; False when it was handled before."""
    claim = {"consumer": consumer, "message_id": message_id}
    return (await connection.exec_driver_sql(INBOX_CLAIM, claim)).first() is not None
