"""A transaction in as few messages as can be: mostly their number is what a job costs (ADR 8)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from crivo_postgres.pool import Pool, Row, acquire
from psycopg import AsyncClientCursor, AsyncConnection

Statement: TypeAlias = tuple[str, Mapping[str, object]]


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
    async with acquire(pool) as connection:
        statements = Statements(connection)
        yield statements
        await statements.commit()
