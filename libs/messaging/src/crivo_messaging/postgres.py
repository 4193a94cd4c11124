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
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from crivo_messaging.envelope import Envelope

OUTBOX_INSERT = """
INSERT INTO outbox (id, type, subject, sequence, exchange, mandatory, attributes, body)
VALUES (%(id)s, %(type)s, %(subject)s, %(sequence)s, %(exchange)s, %(mandatory)s,
        %(attributes)s::json, %(body)s::json)
"""
# For a path that speaks psycopg itself: any number of messages, or none, by one statement.
APPEND = """
INSERT INTO outbox (id, type, subject, sequence, exchange, mandatory, attributes, body)
SELECT id, type, subject, sequence, exchange, mandatory, attributes, body
FROM unnest(%(outbox_ids)s::uuid[], %(outbox_types)s::text[], %(outbox_subjects)s::text[],
            %(outbox_sequences)s::int[], %(outbox_exchanges)s::text[],
            %(outbox_mandatory)s::bool[], %(outbox_attributes)s::json[], %(outbox_bodies)s::json[])
     WITH ORDINALITY
     AS message (id, type, subject, sequence, exchange, mandatory, attributes, body, place)
ORDER BY place
"""
CLAIM = """
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
        # Whose it is, where the message says so; what was done about it, by whom and when.
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
    # Counted for every scrape, however many are done with.
    Index(
        "dead_letters_open",
        dead_letters.c.dead_at,
        postgresql_where=dead_letters.c.state == text("'open'"),
    )
    return MessagingTables(outbox, inbox, dead_letters)


_TABLES = messaging_tables(MetaData())


def outbox_parameters(envelope: Envelope) -> dict[str, object]:
    """The parameters of OUTBOX_INSERT, for a path that speaks psycopg itself."""
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


def appended(envelopes: Sequence[Envelope]) -> dict[str, object]:
    """The parameters of APPEND."""
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


_APPEND = text(
    "INSERT INTO outbox (id, type, subject, sequence, exchange, mandatory, attributes, body)"
    " VALUES (:id, :type, :subject, :sequence, :exchange, :mandatory,"
    " CAST(:attributes AS json), CAST(:body AS json))"
)


async def append(connection: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
    """Store messages in the transaction of the change they tell of."""
    if envelopes:
        await connection.execute(_APPEND, [outbox_parameters(each) for each in envelopes])


async def first_time(connection: AsyncConnection, *, consumer: str, message_id: UUID) -> bool:
    """Claim a message for a consumer in its transaction; False when it was handled before."""
    claim = insert(_TABLES.inbox).values(consumer=consumer, message_id=message_id)
    # What came back, not how many: SQLAlchemy does not count the rows of an insert.
    claimed = claim.on_conflict_do_nothing().returning(_TABLES.inbox.c.message_id)
    return (await connection.execute(claimed)).first() is not None
