"""Whether a peer is away: then work waits for it instead of failing."""

import sys

# By name, so that a process does not load every driver for the errors of the one it uses.
_AWAY = {
    "psycopg": ("OperationalError", "InterfaceError"),
    "psycopg_pool": ("PoolTimeout",),
    "pymongo.errors": ("ConnectionFailure",),
    "sqlalchemy.exc": ("OperationalError", "InterfaceError", "TimeoutError"),
}


class Unavailable(Exception):
    """A peer this handler needs is away; the message waits for it."""


def is_away(problem: BaseException) -> bool:
    """Whether a dependency is unreachable, as opposed to the message being wrong."""
    away = tuple(
        getattr(sys.modules[module], name)
        for module, names in _AWAY.items()
        if module in sys.modules
        for name in names
    )
    invalidated = getattr(problem, "connection_invalidated", False)  # of SQLAlchemy's DBAPIError
    return bool(invalidated) or isinstance(problem, (Unavailable, *away))
