"""Dead letters as rows of PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from crivo_messaging.dead_letter_office import (
    Action,
    KeptLetter,
    LetterChanged,
    LetterFilter,
    LetterNotFound,
    Position,
    State,
    Whose,
)
from crivo_messaging.dead_letters import DeadLetter


class PostgresDeadLetters:
    """Implements DeadLetters and DeadLetterDesk."""

    def __init__(self, engine: AsyncEngine, table: Table) -> None:
        self._engine = engine
        self._table = table

    async def add(self, letter: DeadLetter) -> None:
        row = {
            "id": letter.id,
            "organization_id": letter.organization_id,
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
            set_={
                "times": self._table.c.times + 1,
                "dead_at": letter.dead_at,
                "reason": letter.reason,
                "error": letter.error,
                "state": "open",
            },
        )
        async with self._engine.begin() as connection:
            await connection.execute(again)

    async def newest(
        self, whose: Whose, wanted: LetterFilter, *, before: Position | None, limit: int
    ) -> Sequence[KeptLetter]:
        place = (self._table.c.dead_at, self._table.c.id)
        query = self._of(whose, wanted).order_by(*(each.desc() for each in place)).limit(limit)
        if before is not None:
            query = query.where(tuple_(*place) < before)
        return await self._read(query)

    async def oldest(
        self, whose: Whose, wanted: LetterFilter, *, limit: int
    ) -> Sequence[KeptLetter]:
        query = self._of(whose, wanted).order_by(self._table.c.dead_at, self._table.c.id)
        return await self._read(query.limit(limit))

    async def one(self, whose: Whose, id: UUID) -> KeptLetter:  # noqa: A002
        found = await self._read(self._of(whose, LetterFilter()).where(self._table.c.id == id))
        if not found:
            raise LetterNotFound("There is no such dead letter")
        return found[0]

    async def mark(
        self, seen: KeptLetter, state: State, action: Action | None = None
    ) -> KeptLetter:
        actions = (*seen.actions, action) if action else seen.actions
        table = self._table.c
        changed = (
            update(self._table)
            .where(
                table.id == seen.letter.id,
                table.state == seen.state,
                table.times == seen.times,
                func.json_array_length(table.actions) == len(seen.actions),
            )
            .values(state=state, actions=[_written(each) for each in actions])
            .returning(self._table)
        )
        async with self._engine.begin() as connection:
            row = (await connection.execute(changed)).mappings().first()
        if row is None:
            raise LetterChanged("The dead letter has changed meanwhile; look at it again")
        return _kept(row)

    async def count_open(self) -> int:
        query = select(func.count()).where(self._table.c.state == "open")
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar_one()

    def _of(self, whose: Whose, wanted: LetterFilter) -> Select[Any]:
        table = self._table.c
        seen: list[ColumnElement[bool]] = [table.organization_id == whose.organization_id]
        if whose.unclaimed:
            seen.append(table.organization_id.is_(None))
        query = select(self._table).where(or_(*seen))
        if wanted.state is not None:
            query = query.where(table.state == wanted.state)
        if wanted.queues is not None:
            query = query.where(table.queue.in_(wanted.queues))
        if wanted.type is not None:
            query = query.where(table.type == wanted.type)
        return query

    async def _read(self, query: Select[Any]) -> Sequence[KeptLetter]:
        async with self._engine.connect() as connection:
            return [_kept(row) for row in (await connection.execute(query)).mappings()]


def _written(action: Action) -> dict[str, Any]:
    return {
        "action": action.action,
        "by": action.by,
        "at": action.at.isoformat(),
        "note": action.note,
    }


def _kept(row: Mapping[Any, Any]) -> KeptLetter:
    return KeptLetter(
        letter=DeadLetter(
            id=row["id"],
            organization_id=row["organization_id"],
            message_id=row["message_id"],
            type=row["type"],
            queue=row["queue"],
            reason=row["reason"],
            error=row["error"],
            headers=row["headers"],
            body=row["body"],
            dead_at=row["dead_at"],
        ),
        times=row["times"],
        state=row["state"],
        actions=tuple(
            Action(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in row["actions"]
        ),
    )
