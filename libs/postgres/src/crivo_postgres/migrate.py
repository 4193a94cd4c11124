"""Brings a database to the newest schema of a service's Alembic history."""

from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, text

# Shorter than a request's time limit: a migration that cannot get its lock is tried again.
LOCK_TIMEOUT = "5s"


def alembic_config(url: str, history: Path) -> Config:
    """`history` is the folder of `env.py` and `versions`, inside the service's package."""
    config = Config()
    config.set_main_option("script_location", str(history))
    config.attributes["url"] = url
    return config


def migrate(url: str, history: Path, revision: str = "head") -> None:
    """Bring the database to the revision; nothing to do is no error."""
    command.upgrade(alembic_config(url, history), revision)


def run_migrations(metadata: MetaData, *, lock: int) -> None:
    """The whole of a service's `env.py`: short lock waits, so that no traffic is blocked."""
    # No state outlives the transaction, so that a pooler may stand between.
    engine = create_engine(
        context.config.attributes["url"], connect_args={"prepare_threshold": None}
    )
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            # One migrator at a time, however many replicas start together.
            connection.execute(text(f"SELECT pg_advisory_xact_lock({lock})"))
            context.run_migrations()
    engine.dispose()
