"""Alembic's entry: one connection, short lock waits, so that a migration never blocks traffic."""

from alembic import context
from sqlalchemy import create_engine, text

from platform_integration.infrastructure.tables import metadata

# Outlasts no request's patience: a migration that cannot get its lock is tried again.
LOCK_TIMEOUT = "5s"

# Nothing outlives the transaction, so that a pooler may stand between.
engine = create_engine(context.config.attributes["url"], connect_args={"prepare_threshold": None})
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        # One migrator at a time, however many replicas start together.
        connection.execute(text("SELECT pg_advisory_xact_lock(1128481089)"))
        context.run_migrations()
engine.dispose()
