"""Alembic's entry, run by `python -m organization migrate`."""

from crivo_postgres.migrate import run_migrations

from organization.infrastructure.tables import metadata

run_migrations(metadata, lock=1128481089)
