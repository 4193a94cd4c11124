"""Event store, job status, what is followed, and the messaging tables."""

import sqlalchemy as sa
from alembic import op
from crivo_messaging.migrations import create_messaging_tables_v1, drop_messaging_tables_v1

revision = "20261124_01"
down_revision = None
branch_labels = None
depends_on = None

ACTIVE = sa.text("state IN ('pending', 'running', 'retry_scheduled')")
PULL_REQUEST = ["organization_id", "repository_id", "pull_request_number"]


def upgrade() -> None:
    create_messaging_tables_v1()
    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.UniqueConstraint("stream_id", "version", name="events_stream_version"),
    )
    create_job_status_view()
    op.create_table(
        "followed_pull_requests",
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("repository_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("head_sha", sa.Text),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("job_id", sa.Uuid),
    )
    op.create_table(
        "step_payloads",
        sa.Column("job_id", sa.Uuid, primary_key=True),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column(
            "kept_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )


def create_job_status_view() -> None:
    op.create_table(
        "job_status_view",
        sa.Column("job_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("repository_id", sa.Uuid, nullable=False),
        sa.Column("repository_full_name", sa.Text, nullable=False),
        sa.Column("pull_request_number", sa.Integer, nullable=False),
        sa.Column("pull_request_title", sa.Text, nullable=False),
        sa.Column("pull_request_author", sa.Text, nullable=False),
        sa.Column("pull_request_url", sa.Text, nullable=False),
        sa.Column("head_sha", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text),
        sa.Column("error_class", sa.Text),
        sa.Column("superseded_by", sa.Uuid),
        sa.Column("outcome", sa.Text),
        sa.Column("comments_published", sa.Integer),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("traceparent", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("analyzed_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            *PULL_REQUEST, "head_sha", "trigger", name="job_status_view_idempotency_key"
        ),
    )
    op.create_index(
        "job_status_view_one_active",
        "job_status_view",
        PULL_REQUEST,
        unique=True,
        postgresql_where=ACTIVE,
    )
    op.create_index(
        "job_status_view_due",
        "job_status_view",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    newest = sa.text("job_id DESC")
    op.create_index("job_status_view_newest", "job_status_view", ["organization_id", newest])
    op.create_index(
        "job_status_view_newest_by_state", "job_status_view", ["organization_id", "state", newest]
    )


def downgrade() -> None:
    for table in (
        "organizations",
        "step_payloads",
        "followed_pull_requests",
        "job_status_view",
        "events",
    ):
        op.drop_table(table)
    drop_messaging_tables_v1()
