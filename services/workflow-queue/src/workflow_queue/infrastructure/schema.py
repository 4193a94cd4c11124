"""The service's own migration history; it is inside the package, so it runs wherever that is."""

from pathlib import Path

from alembic.config import Config
from crivo_postgres import migrate as runner

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(url: str) -> Config:
    return runner.alembic_config(url, MIGRATIONS)


def migrate(url: str) -> None:
    """Bring the database to the newest schema; nothing to do is no error."""
    runner.migrate(url, MIGRATIONS)
