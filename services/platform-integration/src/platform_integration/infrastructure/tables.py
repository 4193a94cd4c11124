"""The tables of the service's database."""

import sqlalchemy as sa
from crivo_messaging.postgres import messaging_tables

metadata = sa.MetaData()
messaging = messaging_tables(metadata)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


integrations = sa.Table(
    "integrations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("organization_id", sa.Uuid, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("api_url", sa.Text, nullable=False),
    sa.Column("sealed_secrets", sa.LargeBinary, nullable=False),
    _moment("created_at"),
    sa.Index("integrations_organization", "organization_id", "id"),
)

repositories = sa.Table(
    "repositories",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("organization_id", sa.Uuid, nullable=False),
    sa.Column("integration_id", sa.Uuid, sa.ForeignKey("integrations.id"), nullable=False),
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("host_id", sa.BigInteger, nullable=False),
    _moment("created_at"),
    sa.UniqueConstraint("integration_id", "host_id", name="repositories_once"),
    sa.Index("repositories_organization", "organization_id", "id"),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
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
    sa.Index("webhook_deliveries_listed", "organization_id", "received_at", "delivery_id"),
    sa.Index(
        "webhook_deliveries_with_body", "received_at", postgresql_where=sa.text("body IS NOT NULL")
    ),
)

published_reviews = sa.Table(
    "published_reviews",
    metadata,
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

check_runs = sa.Table(
    "check_runs",
    metadata,
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
    sa.Index("check_runs_due", "next_attempt_at", postgresql_where=sa.text("NOT reported")),
)
