"""Dead letters as rows of PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from crivo_messaging.dead_letter_service import (
    Action,
    DeadLetterChanged,
    DeadLetterFilter,
    DeadLetterNotFound,
    DeadLetterRecord,
    DeadLetterScope,
    Position,
    State,
)
from crivo_messaging.dead_letters import DeadLetter


class PostgresDeadLetters:
    """Implements DeadLetterSink and DeadLetterRepository."""

    def __init__(self, engine: AsyncEngine, table: Table) -> None:
        self._engine = engine
        self._table = table

    async def add(self, dead_letter: DeadLetter) -> None:
        row = {
            "id": dead_letter.id,
            "organization_id": dead_letter.organization_id,
            "message_id": dead_letter.message_id,
            "type": dead_letter.type,
            "queue": dead_letter.queue,
            "reason": dead_letter.reason,
            "error": dead_letter.error,
            "headers": dict(dead_letter.headers),
            "body": dead_letter.body,
            "dead_at": dead_letter.dead_at,
        }
        added = insert(self._table).values(row)
        again = added.on_conflict_do_update(
            index_elements=["id"],
            set_={
                "times": self._table.c.times + 1,
                "dead_at": dead_letter.dead_at,
                "reason": dead_letter.reason,
                "error": dead_letter.error,
                "state": "open",
            },
        )
        async with self._engine.begin() as connection:
            await connection.execute(again)

    async def newest(
        self,
        scope: DeadLetterScope,
        criteria: DeadLetterFilter,
        *,
        before: Position | None,
        limit: int,
    ) -> Sequence[DeadLetterRecord]:
        place = (self._table.c.dead_at, self._table.c.id)
        query = self._query(scope, criteria).order_by(*(each.desc() for each in place)).limit(limit)
        if before is not None:
            query = query.where(tuple_(*place) < before)
        return await self._read(query)

    async def oldest(
        self, scope: DeadLetterScope, criteria: DeadLetterFilter, *, limit: int
    ) -> Sequence[DeadLetterRecord]:
        query = self._query(scope, criteria).order_by(self._table.c.dead_at, self._table.c.id)
        return await self._read(query.limit(limit))

    async def one(self, scope: DeadLetterScope, id: UUID) -> DeadLetterRecord:  # noqa: A002
        found = await self._read(
            self._query(scope, DeadLetterFilter()).where(self._table.c.id == id)
        )
        if not found:
            raise DeadLetterNotFound("Dead letter not found")
        return found[0]

    async def mark(
        self, seen: DeadLetterRecord, state: State, action: Action | None = None
    ) -> DeadLetterRecord:
        actions = (*seen.actions, action) if action else seen.actions
        table = self._table.c
        changed = (
            update(self._table)
            .where(
                table.id == seen.dead_letter.id,
                table.state == seen.state,
                table.times == seen.times,
                func.json_array_length(table.actions) == len(seen.actions),
            )
            .values(state=state, actions=[_to_json(each) for each in actions])
            .returning(self._table)
        )
        async with self._engine.begin() as connection:
            row = (await connection.execute(changed)).mappings().first()
        if row is None:
            raise DeadLetterChanged("The dead letter has changed meanwhile; read it again")
        return _to_record(row)

    async def count_open(self) -> int:
        query = select(func.count()).where(self._table.c.state == "open")
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar_one()

    def _query(self, scope: DeadLetterScope, criteria: DeadLetterFilter) -> Select[Any]:
        table = self._table.c
        seen: list[ColumnElement[bool]] = [table.organization_id == scope.organization_id]
        if scope.without_organization:
            seen.append(table.organization_id.is_(None))
        query = select(self._table).where(or_(*seen))
        if criteria.state is not None:
            query = query.where(table.state == criteria.state)
        if criteria.queues is not None:
            query = query.where(table.queue.in_(criteria.queues))
        if criteria.type is not None:
            query = query.where(table.type == criteria.type)
        return query

    async def _read(self, query: Select[Any]) -> Sequence[DeadLetterRecord]:
        async with self._engine.connect() as connection:
            return [_to_record(row) for row in (await connection.execute(query)).mappings()]


def _to_json(action: Action) -> dict[str, Any]:
    return {
        "action": action.action,
        "by": action.by,
        "at": action.at.isoformat(),
        "note": action.note,
    }


def _to_record(row: Mapping[Any, Any]) -> DeadLetterRecord:
    return DeadLetterRecord(
        dead_letter=DeadLetter(
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
