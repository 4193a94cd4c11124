"""Dead letters as documents of MongoDB, replaced as a whole under a version.

The body is base64, because not every server of the wire protocol can replace a document of bytes.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

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
from crivo_messaging.mongo import Document

# Not null: not every server of the protocol finds null like another value.
WITHOUT_ORGANIZATION = ""


class MongoDeadLetters:
    """Implements DeadLetterSink and DeadLetterRepository."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def prepare(self) -> None:
        """Create the indexes and convert the documents of release 0.1.0."""
        await self._collection.create_index([("organization_id", ASCENDING), ("place", DESCENDING)])
        await self._collection.create_index([("state", ASCENDING), ("place", ASCENDING)])
        await self.adopt()

    async def adopt(self) -> None:
        """Convert dead letters of release 0.1.0, whose workers may still run beside ours."""
        async for stored in self._collection.find({"version": {"$exists": False}}):
            current = {**_state("open", ()), "organization_id": WITHOUT_ORGANIZATION, "version": 1}
            current["place"] = _sort_key(stored["dead_at"], stored["_id"])
            current["body"] = _encode_body(stored["body"])
            found = {"_id": stored["_id"], "version": {"$exists": False}}
            await self._collection.replace_one(found, {**stored, **current})

    async def add(self, dead_letter: DeadLetter) -> None:
        key = str(dead_letter.id)
        while True:
            stored = await self._collection.find_one({"_id": key})
            if stored is None:
                try:
                    await self._collection.insert_one(_new_document(dead_letter))
                except DuplicateKeyError:
                    continue
                return
            if "version" not in stored:
                await self.adopt()
                continue
            again = {
                **stored,
                "version": stored["version"] + 1,
                "times": stored["times"] + 1,
                "dead_at": dead_letter.dead_at,
                "place": _sort_key(dead_letter.dead_at, key),
                "reason": dead_letter.reason,
                "error": dead_letter.error,
                "state": "open",
            }
            if await self._replace(stored, again):
                return

    async def newest(
        self,
        scope: DeadLetterScope,
        criteria: DeadLetterFilter,
        *,
        before: Position | None,
        limit: int,
    ) -> Sequence[DeadLetterRecord]:
        query = _query(scope, criteria)
        if before is not None:
            query["place"] = {"$lt": _sort_key(before[0], str(before[1]))}
        found = self._collection.find(query).sort("place", DESCENDING).limit(limit)
        return [_to_record(stored) for stored in await found.to_list()]

    async def oldest(
        self, scope: DeadLetterScope, criteria: DeadLetterFilter, *, limit: int
    ) -> Sequence[DeadLetterRecord]:
        found = self._collection.find(_query(scope, criteria)).sort("place", ASCENDING).limit(limit)
        return [_to_record(stored) for stored in await found.to_list()]

    async def one(self, scope: DeadLetterScope, id: UUID) -> DeadLetterRecord:  # noqa: A002
        stored = await self._collection.find_one(
            {**_query(scope, DeadLetterFilter()), "_id": str(id)}
        )
        if stored is None:
            raise DeadLetterNotFound("Dead letter not found")
        return _to_record(stored)

    async def mark(
        self, seen: DeadLetterRecord, state: State, action: Action | None = None
    ) -> DeadLetterRecord:
        stored = await self._collection.find_one({"_id": str(seen.dead_letter.id)})
        if stored is not None and _to_record(stored) == seen:
            actions = (*seen.actions, action) if action else seen.actions
            following = {**stored, **_state(state, actions), "version": stored["version"] + 1}
            if await self._replace(stored, following):
                return _to_record(following)
        raise DeadLetterChanged("The dead letter has changed meanwhile; read it again")

    async def count_open(self) -> int:
        return await self._collection.count_documents({"state": "open"})

    async def _replace(self, stored: Document, following: Document) -> bool:
        found = {"_id": stored["_id"], "version": stored["version"]}
        return (await self._collection.replace_one(found, following)).matched_count == 1


def _query(scope: DeadLetterScope, criteria: DeadLetterFilter) -> dict[str, Any]:
    owners = [
        str(scope.organization_id),
        *([WITHOUT_ORGANIZATION] if scope.without_organization else []),
    ]
    query: dict[str, Any] = {"organization_id": {"$in": owners}}
    if criteria.state is not None:
        query["state"] = criteria.state
    if criteria.queues is not None:
        query["queue"] = {"$in": list(criteria.queues)}
    if criteria.type is not None:
        query["type"] = criteria.type
    return query


def _sort_key(dead_at: datetime, key: str) -> str:
    """Sorts as (dead_at, id) does; in milliseconds, because that is what a date here keeps.

    Without the dashes of a date, because the local server compares what looks like one as dates.
    """
    moment = (dead_at if dead_at.tzinfo else dead_at.replace(tzinfo=UTC)).astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d} {key}"


def _encode_body(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _new_document(dead_letter: DeadLetter) -> Document:
    key = str(dead_letter.id)
    return {
        "_id": key,
        "version": 1,
        "organization_id": str(dead_letter.organization_id or WITHOUT_ORGANIZATION),
        "message_id": dead_letter.message_id,
        "type": dead_letter.type,
        "queue": dead_letter.queue,
        "reason": dead_letter.reason,
        "error": dead_letter.error,
        "headers": dict(dead_letter.headers),
        "body": _encode_body(dead_letter.body),
        "times": 1,
        "dead_at": dead_letter.dead_at,
        "place": _sort_key(dead_letter.dead_at, key),
        **_state("open", ()),
    }


def _state(state: State, actions: Sequence[Action]) -> Document:
    documents = [
        {"action": each.action, "by": each.by, "at": each.at.isoformat(), "note": each.note}
        for each in actions
    ]
    return {"state": state, "actions": documents}


def _to_record(stored: Document) -> DeadLetterRecord:
    owner = stored["organization_id"]
    return DeadLetterRecord(
        dead_letter=DeadLetter(
            id=UUID(stored["_id"]),
            organization_id=UUID(owner) if owner != WITHOUT_ORGANIZATION else None,
            message_id=stored["message_id"],
            type=stored["type"],
            queue=stored["queue"],
            reason=stored["reason"],
            error=stored["error"],
            headers=stored["headers"],
            body=base64.b64decode(stored["body"]),
            dead_at=stored["dead_at"].replace(tzinfo=UTC),
        ),
        times=stored["times"],
        state=stored["state"],
        actions=tuple(
            Action(**{**each, "at": datetime.fromisoformat(each["at"])})
            for each in stored["actions"]
        ),
    )
