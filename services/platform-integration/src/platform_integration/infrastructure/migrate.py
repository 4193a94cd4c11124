"""The service's own migration history; it is inside the package, so it runs wherever that is."""

from pathlib import Path

from crivo_postgres import migrate as runner

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(url: str, revision: str = "head") -> None:
    runner.migrate(url, MIGRATIONS, revision)
