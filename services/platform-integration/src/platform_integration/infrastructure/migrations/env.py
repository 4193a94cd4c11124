"""Alembic's entry, run by `python -m platform_integration migrate`."""

from crivo_postgres.migrate import run_migrations

from platform_integration.infrastructure.tables import metadata

run_migrations(metadata, lock=1128481089)
