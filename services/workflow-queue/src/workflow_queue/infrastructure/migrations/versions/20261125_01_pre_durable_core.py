"""Leases, order of waiting jobs, limits, cadences, the archive, and dead letters to be handled."""

import sqlalchemy as sa
from alembic import op
from crivo_messaging.migrations import extend_dead_letters_v2, restrict_dead_letters_v1

revision = "20261125_01"
down_revision = "20261124_01"
branch_labels = None
depends_on = None

NEW_TABLES = ("job_endings", "leases", "organization_limits", "cadences", "archived_events")


def upgrade() -> None:
    extend_dead_letters_v2()
    add_the_order_of_waiting_jobs()
    false = sa.text("false")
    op.add_column(
        "followed_pull_requests",
        sa.Column("paused", sa.Boolean, nullable=False, server_default=false),
    )
    op.add_column(
        "followed_pull_requests",
        sa.Column("pushes", sa.JSON, nullable=False, server_default=sa.text("'[]'")),
    )
    op.alter_column("followed_pull_requests", "updated_at", nullable=True)
    op.create_table(
        "job_endings",
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("bucket", sa.SmallInteger, nullable=False),
        sa.Column("jobs", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "hour", "state", "bucket", postgresql_include=["jobs"]
        ),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_vacuum_insert_scale_factor": 0.02,
        },
    )
    op.create_table(
        "leases",
        sa.Column("job_id", sa.Uuid, primary_key=True),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("leases_until", "leases", ["until"])
    op.create_table(
        "organization_limits",
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("weight", sa.Float, nullable=False),
    )
    op.create_table(
        "cadences",
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("repository_id", sa.Uuid, primary_key=True),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("pushes", sa.Integer, nullable=False),
        sa.Column("window_seconds", sa.Integer, nullable=False),
    )
    op.create_table(
        "archived_events",
        sa.Column("stream_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
    )


def add_the_order_of_waiting_jobs() -> None:
    view = "job_status_view"
    nil = sa.text("'00000000-0000-0000-0000-000000000000'")
    op.add_column(view, sa.Column("integration_id", sa.Uuid, nullable=False, server_default=nil))
    op.add_column(
        view,
        sa.Column("priority", sa.SmallInteger, nullable=False, server_default=sa.text("1")),
    )
    op.create_index(
        "job_status_view_waiting",
        view,
        ["organization_id", "integration_id", "priority", "job_id"],
        postgresql_where=sa.text(
            "(state = 'retry_scheduled' OR state = 'pending' AND due_at IS NULL)"
        ),
    )
    op.create_index(
        "job_status_view_in_flight",
        view,
        ["organization_id", "integration_id"],
        postgresql_where=sa.text("(state = 'running' OR state = 'pending' AND due_at IS NOT NULL)"),
    )


def downgrade() -> None:
    for table in NEW_TABLES:
        op.drop_table(table)
    op.execute("DELETE FROM followed_pull_requests WHERE updated_at IS NULL")
    op.alter_column("followed_pull_requests", "updated_at", nullable=False)
    for column in ("pushes", "paused"):
        op.drop_column("followed_pull_requests", column)
    for index in ("job_status_view_in_flight", "job_status_view_waiting"):
        op.drop_index(index, "job_status_view")
    for column in ("priority", "integration_id"):
        op.drop_column("job_status_view", column)
    restrict_dead_letters_v1()
