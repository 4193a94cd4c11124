"""Every table of this service. The migrations make them; a test compares the two."""

from uuid import UUID

from crivo_messaging.postgres import messaging_tables
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

# As WorkflowJob.waits says it; the planner takes an index only for the very words of its condition.
WAITS = text("(state = 'retry_scheduled' OR state = 'pending' AND due_at IS NULL)")
IN_FLIGHT = text("(state = 'running' OR state = 'pending' AND due_at IS NOT NULL)")

# A value and not NULL, so that lines of waiting jobs can be compared as rows.
NO_INTEGRATION = UUID(int=0)

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
    # What the order of waiting jobs is decided by.
    Column("integration_id", Uuid, nullable=False, server_default=text(f"'{NO_INTEGRATION}'")),
    Column("priority", SmallInteger, nullable=False, server_default=text("1")),
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
Index(
    "job_status_view_waiting",
    job_status_view.c.organization_id,
    job_status_view.c.integration_id,
    job_status_view.c.priority,
    job_status_view.c.job_id,
    postgresql_where=WAITS,
)
Index(
    "job_status_view_in_flight",
    job_status_view.c.organization_id,
    job_status_view.c.integration_id,
    postgresql_where=IN_FLIGHT,
)
Index("job_status_view_newest", job_status_view.c.organization_id, job_status_view.c.job_id.desc())
Index(
    "job_status_view_newest_by_state",
    job_status_view.c.organization_id,
    job_status_view.c.state,
    job_status_view.c.job_id.desc(),
)

# How many jobs ended in an hour, by how and after how long; see job_metrics.py for the buckets.
job_endings = Table(
    "job_endings",
    metadata,
    Column("organization_id", Uuid, nullable=False),
    Column("hour", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("bucket", SmallInteger, nullable=False),
    Column("jobs", Integer, nullable=False),
    # Metrics are read from the index alone: the rows of one organization lie between all others'.
    PrimaryKeyConstraint("organization_id", "hour", "state", "bucket", postgresql_include=["jobs"]),
    # Only of what was vacuumed since, and a month is ever less of the table.
    postgresql_with={
        "autovacuum_vacuum_scale_factor": 0.02,
        "autovacuum_vacuum_insert_scale_factor": 0.02,
    },
)

followed_pull_requests = Table(
    "followed_pull_requests",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("repository_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    # NULL while it is paused and nothing else was ever heard of it.
    Column("updated_at", DateTime(timezone=True)),
    Column("head_sha", Text),
    Column("closed", Boolean, nullable=False),
    Column("job_id", Uuid),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    # Times of the last pushes, as many as the cadence counts.
    Column("pushes", JSON, nullable=False, server_default=text("'[]'")),
)

# Who does a running step, while heartbeats come; outside the stream, which they would flood.
leases = Table(
    "leases",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("step", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
)
Index("leases_until", leases.c.until)

# What an organization may use at a time; without a row, the settings say.
organization_limits = Table(
    "organization_limits",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("concurrency", Integer, nullable=False),
    Column("weight", Float, nullable=False),
)

# When pull requests of a repository are reviewed; without a row, the settings say.
cadences = Table(
    "cadences",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("repository_id", Uuid, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("pushes", Integer, nullable=False),
    Column("window_seconds", Integer, nullable=False),
)

# Events of jobs that ended long ago, out of the way of everything but history.
archived_events = Table(
    "archived_events",
    metadata,
    Column("stream_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("data", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
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
