"""Alembic's entry, run by `python -m workflow_queue migrate`."""

from crivo_postgres.migrate import run_migrations

from workflow_queue.infrastructure.tables import metadata

run_migrations(metadata, lock=0x0C21_0003)
