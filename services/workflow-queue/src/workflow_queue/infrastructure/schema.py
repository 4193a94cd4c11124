"""The service's own migration history, run from wherever the service is installed."""

from pathlib import Path

from alembic import command
from alembic.config import Config

_HERE = Path(__file__)
# In the wheel beside the package's code; in a checkout at the top of the service.
_PLACES = (_HERE.parents[1] / "migrations", _HERE.parents[3] / "migrations")


def alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(next(p for p in _PLACES if p.is_dir())))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Bring the database to the newest schema; nothing to do is no error."""
    command.upgrade(alembic_config(url), "head")
