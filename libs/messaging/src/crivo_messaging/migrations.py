"""Migration steps of the messaging tables, called from each service's own Alembic history.

A released function is never edited: a later change is a new one.
"""

import sqlalchemy as sa
from alembic import op


def create_messaging_tables_v1() -> None:
    """Create outbox, inbox and dead_letters as `messaging_tables` describes them."""
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("id", sa.Uuid, nullable=False, unique=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("exchange", sa.Text, nullable=False),
        sa.Column("mandatory", sa.Boolean, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("published_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "outbox_unpublished",
        "outbox",
        ["position"],
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_index(
        "outbox_postponed",
        "outbox",
        ["subject"],
        postgresql_where=sa.text("published_at IS NULL AND not_before IS NOT NULL"),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Uuid, primary_key=True),
        sa.Column(
            "handled_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )
    op.create_index("inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("message_id", sa.Text),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("times", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column(
            "dead_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )
    op.create_index("dead_letters_dead_at", "dead_letters", ["dead_at"])


def extend_dead_letters_v2() -> None:
    """Add the organization, the state and the actions of a dead letter."""
    for column in (
        sa.Column("organization_id", sa.Uuid),
        sa.Column("state", sa.Text, nullable=False, server_default=sa.text("'open'")),
        sa.Column("actions", sa.JSON, nullable=False, server_default=sa.text("'[]'")),
    ):
        op.add_column("dead_letters", column)
    op.create_index(
        "dead_letters_listed",
        "dead_letters",
        ["organization_id", sa.text("dead_at DESC"), sa.text("id DESC")],
    )
    op.create_index(
        "dead_letters_open",
        "dead_letters",
        ["dead_at"],
        postgresql_where=sa.text("state = 'open'"),
    )


def restrict_dead_letters_v1() -> None:
    """Undo extend_dead_letters_v2."""
    for index in ("dead_letters_open", "dead_letters_listed"):
        op.drop_index(index, "dead_letters")
    for column in ("actions", "state", "organization_id"):
        op.drop_column("dead_letters", column)


def drop_messaging_tables_v1() -> None:
    for table in ("dead_letters", "inbox", "outbox"):
        op.drop_table(table)
