"""Whether a dependency is unavailable: then work waits for it instead of failing."""

import sys

# By name, so that a process does not load every driver for the errors of the one it uses.
_ERRORS = {
    "psycopg": ("OperationalError", "InterfaceError"),
    "psycopg_pool": ("PoolTimeout",),
    "pymongo.errors": ("ConnectionFailure",),
    "sqlalchemy.exc": ("OperationalError", "InterfaceError", "TimeoutError"),
}


class Unavailable(Exception):
    """A dependency of this handler is unavailable; the message is retried until it is back."""


def is_unavailable(problem: BaseException) -> bool:
    """Whether a dependency is unreachable, as opposed to the message being invalid."""
    known = tuple(
        getattr(sys.modules[module], name)
        for module, names in _ERRORS.items()
        if module in sys.modules
        for name in names
    )
    invalidated = getattr(problem, "connection_invalidated", False)  # of SQLAlchemy's DBAPIError
    return bool(invalidated) or isinstance(problem, (Unavailable, *known))
