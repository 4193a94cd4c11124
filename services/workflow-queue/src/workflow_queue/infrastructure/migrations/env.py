"""Run by `python -m workflow_queue migrate`, which gives the database's URL."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from workflow_queue.infrastructure.tables import metadata

# The same for every migrator of this service, and for nothing else of it.
MIGRATION_LOCK = 0x0C21_0003

# Nothing outlives the transaction, so that a pooler may stand between.
engine = create_engine(
    context.config.attributes["url"],
    poolclass=pool.NullPool,
    connect_args={"prepare_threshold": None},
)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        # A migration that cannot get its lock fails instead of stopping everybody behind it.
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        # One migrator at a time, however many replicas start together.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        context.run_migrations()
engine.dispose()
