"""Create the tables."""

import sqlalchemy as sa
from alembic import op
from crivo_messaging.migrations import create_messaging_tables_v1, drop_messaging_tables_v1

revision = "20261124_01"
down_revision = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    create_messaging_tables_v1()
    op.create_table(
        "integrations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("api_url", sa.Text, nullable=False),
        sa.Column("sealed_secrets", sa.LargeBinary, nullable=False),
        _moment("created_at"),
    )
    op.create_index("integrations_organization", "integrations", ["organization_id", "id"])
    op.create_table(
        "repositories",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("integration_id", sa.Uuid, sa.ForeignKey("integrations.id"), nullable=False),
        sa.Column("full_name", sa.Text, nullable=False),
        sa.Column("host_id", sa.BigInteger, nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint("integration_id", "host_id", name="repositories_once"),
    )
    op.create_index("repositories_organization", "repositories", ["organization_id", "id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("integration_id", sa.Uuid, primary_key=True),
        sa.Column("delivery_id", sa.Text, primary_key=True),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("repository_id", sa.Uuid),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("action", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("body", sa.LargeBinary),
        _moment("received_at"),
    )
    op.create_index(
        "webhook_deliveries_listed",
        "webhook_deliveries",
        ["organization_id", "received_at", "delivery_id"],
    )
    op.create_index(
        "webhook_deliveries_with_body",
        "webhook_deliveries",
        ["received_at"],
        postgresql_where=sa.text("body IS NOT NULL"),
    )
    op.create_table(
        "published_reviews",
        sa.Column("repository_id", sa.Uuid, primary_key=True),
        sa.Column("pull_request_number", sa.Integer, primary_key=True),
        sa.Column("head_sha", sa.Text, primary_key=True),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("review_id", sa.Uuid, nullable=False),
        sa.Column("claimed_by", sa.Uuid, nullable=False),
        _moment("claimed_until"),
        sa.Column("host_id", sa.BigInteger),
        sa.Column("url", sa.Text),
        sa.Column("comments", sa.Integer),
        _moment("posted_at", nullable=True),
    )
    op.create_table(
        "check_runs",
        sa.Column("repository_id", sa.Uuid, primary_key=True),
        sa.Column("head_sha", sa.Text, primary_key=True),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("conclusion", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("said_by", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("host_id", sa.BigInteger),
        sa.Column("reported", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        _moment("next_attempt_at", nullable=True),
    )
    op.create_index(
        "check_runs_due",
        "check_runs",
        ["next_attempt_at"],
        postgresql_where=sa.text("NOT reported"),
    )


def downgrade() -> None:
    for table in (
        "check_runs",
        "published_reviews",
        "webhook_deliveries",
        "repositories",
        "integrations",
    ):
        op.drop_table(table)
    drop_messaging_tables_v1()
