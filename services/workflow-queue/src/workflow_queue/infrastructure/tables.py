"""Every table of this service. The migrations make them; a test compares the two."""

from crivo_messaging.postgres import messaging_tables
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

metadata = MetaData()
messaging = messaging_tables(metadata)

events = Table(
    "events",
    metadata,
    Column("position", BigInteger, Identity(), primary_key=True),
    Column("stream_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("data", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    # The optimistic lock: of two writers who read the same version, one fails here.
    UniqueConstraint("stream_id", "version", name="events_stream_version"),
)

job_status_view = Table(
    "job_status_view",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("organization_id", Uuid, nullable=False),
    Column("repository_id", Uuid, nullable=False),
    Column("repository_full_name", Text, nullable=False),
    Column("pull_request_number", Integer, nullable=False),
    Column("pull_request_title", Text, nullable=False),
    Column("pull_request_author", Text, nullable=False),
    Column("pull_request_url", Text, nullable=False),
    Column("head_sha", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("error_class", Text),
    Column("superseded_by", Uuid),
    Column("outcome", Text),
    Column("comments_published", Integer),
    Column("correlation_id", Text, nullable=False),
    Column("traceparent", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("analyzed_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint(
        "organization_id",
        "repository_id",
        "pull_request_number",
        "head_sha",
        "trigger",
        name="job_status_view_idempotency_key",
    ),
)
Index(
    "job_status_view_one_active",
    job_status_view.c.organization_id,
    job_status_view.c.repository_id,
    job_status_view.c.pull_request_number,
    unique=True,
    postgresql_where=text("state IN ('pending', 'running', 'retry_scheduled')"),
)
Index(
    "job_status_view_due",
    job_status_view.c.due_at,
    postgresql_where=job_status_view.c.due_at.is_not(None),
)
Index("job_status_view_newest", job_status_view.c.organization_id, job_status_view.c.job_id.desc())
Index(
    "job_status_view_newest_by_state",
    job_status_view.c.organization_id,
    job_status_view.c.state,
    job_status_view.c.job_id.desc(),
)

followed_pull_requests = Table(
    "followed_pull_requests",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("repository_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("head_sha", Text),
    Column("closed", Boolean, nullable=False),
    Column("job_id", Uuid),
)

step_payloads = Table(
    "step_payloads",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("payload", JSON, nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

organizations = Table(
    "organizations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
)
