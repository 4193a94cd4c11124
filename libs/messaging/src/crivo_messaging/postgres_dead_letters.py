"""Dead letters as rows of PostgreSQL."""

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from crivo_messaging.dead_letters import DeadLetter


class PostgresDeadLetters:
    def __init__(self, engine: AsyncEngine, table: Table) -> None:
        self._engine = engine
        self._table = table

    async def add(self, letter: DeadLetter) -> None:
        row = {
            "id": letter.id,
            "message_id": letter.message_id,
            "type": letter.type,
            "queue": letter.queue,
            "reason": letter.reason,
            "error": letter.error,
            "headers": dict(letter.headers),
            "body": letter.body,
            "dead_at": letter.dead_at,
        }
        added = insert(self._table).values(row)
        again = added.on_conflict_do_update(
            index_elements=["id"],
            set_={"times": self._table.c.times + 1, "dead_at": letter.dead_at},
        )
        async with self._engine.begin() as connection:
            await connection.execute(again)
