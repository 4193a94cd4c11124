"""A transaction in as few messages as can be: mostly their number is what a job costs (ADR 8)."""

import select
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from crivo_messaging.postgres_outbox import libpq_url
from psycopg import AsyncClientCursor, AsyncConnection
from psycopg_pool import AsyncConnectionPool

Row: TypeAlias = tuple[Any, ...]
Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Row]]
Statement: TypeAlias = tuple[str, Mapping[str, object]]

# For a connection: also how long it takes to notice that there is no server to connect to.
WAIT_SECONDS = 4.0


class Statements:
    """One transaction. What nobody waits for goes along with what somebody asks.

    Several statements in one message need the simple protocol, which takes no parameters:
    psycopg writes them into the text, each as a literal that PostgreSQL's own rules escape.
    """

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self._cursor = AsyncClientCursor(connection)
        self._unsent = ["BEGIN"]
        self._required: dict[int, Exception] = {}

    def add(self, statement: str, parameters: Mapping[str, object]) -> None:
        """To be sent with the next that is asked, or with the commit; an error comes then."""
        self._unsent.append(self._cursor.mogrify(statement, parameters))

    def require(
        self, statement: str, parameters: Mapping[str, object], *, otherwise: Exception
    ) -> None:
        """The same, and it has to return a row: `otherwise` is raised before anything is told."""
        self._required[len(self._unsent)] = otherwise
        self.add(statement, parameters)

    async def ask(self, *statements: Statement) -> list[list[Row]]:
        """The rows of each of them, all in one round trip."""
        first = len(self._unsent)
        for statement in statements:
            self.add(*statement)
        required, self._required = self._required, {}
        results = await self._send()
        for place, otherwise in required.items():
            if not results[place]:
                raise otherwise
        return results[first:]

    async def commit(self) -> None:
        if self._required:
            await self.ask()
        if self._unsent != ["BEGIN"]:
            self._unsent.append("COMMIT")
            await self._send()

    async def _send(self) -> list[list[Row]]:
        unsent, self._unsent = self._unsent, []
        await self._cursor.execute(";".join(unsent).encode())
        return [
            await each.fetchall() if each.description else []
            async for each in self._cursor.results()
        ]


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Statements]:
    """Commit on leaving, or roll back on an error; raise PoolTimeout when no connection is free."""
    async with _lent(pool) as connection:
        statements = Statements(connection)
        yield statements
        await statements.commit()


@asynccontextmanager
async def _lent(pool: Pool) -> AsyncIterator[AsyncConnection[Row]]:
    """A connection, and not one that the server closed since it was used: the kernel knows."""
    while _has_news(connection := await pool.getconn()):
        await connection.close()
        await pool.putconn(connection)
    try:
        async with connection:
            yield connection
    finally:
        await pool.putconn(connection)


def _has_news(connection: AsyncConnection[Row]) -> bool:
    """Of one that idles, and was asked nothing: the server says that it hangs up, or did."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))


@asynccontextmanager
async def open_pool(url: str, *, size: int) -> AsyncIterator[Pool]:
    """Opens even while the server is away."""
    pool: Pool = AsyncConnectionPool(
        libpq_url(url),
        min_size=1,
        max_size=size,
        timeout=WAIT_SECONDS,
        open=False,
        # A transaction begins and ends by our own words, in the messages of others.
        kwargs={"autocommit": True, "prepare_threshold": None, "connect_timeout": 3},
        reconnect_timeout=30,
    )
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()
