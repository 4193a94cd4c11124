"""Run by `python -m workflow_queue migrate`, which gives the database's URL."""

from alembic import context
from sqlalchemy import create_engine, pool, text
from workflow_queue.infrastructure.tables import metadata

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    # A migration that cannot get its lock fails instead of stopping everybody behind it.
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
