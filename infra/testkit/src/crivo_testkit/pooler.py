"""The two ways to a test's database: through a pooler in transaction mode, and around it."""

from urllib.parse import urlsplit, urlunsplit

# By address of a pooler that runs for these tests: the server behind it.
_behind: dict[str, str] = {}


class Pooler:
    """A PgBouncer that asks its clients for no password."""

    def __init__(self, port: int, postgres_url: str) -> None:
        self._address = f"postgres@127.0.0.1:{port}"
        _behind[self._address] = urlsplit(postgres_url).netloc

    def url(self, direct: str) -> str:
        """The same database, by way of the pooler."""
        return urlunsplit(urlsplit(direct)._replace(netloc=self._address))


def direct_url(url: str) -> str:
    """The same database for LISTEN and session locks: around the pooler, if there is one."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=_behind.get(parts.netloc, parts.netloc)))
