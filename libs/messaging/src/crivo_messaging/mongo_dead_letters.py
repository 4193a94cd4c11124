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
from crivo_messaging.mongo import Document

NOBODY = ""  # not null, which not every server of the protocol finds like another value


class MongoDeadLetters:
    """Implements DeadLetters and DeadLetterDesk."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def prepare(self) -> None:
        """Make the indexes, and adopt what is there."""
        await self._collection.create_index([("organization_id", ASCENDING), ("place", DESCENDING)])
        await self._collection.create_index([("state", ASCENDING), ("place", ASCENDING)])
        await self.adopt()

    async def adopt(self) -> None:
        """Bring letters of release 0.1.0 to today's shape; its workers may run beside ours."""
        async for stored in self._collection.find({"version": {"$exists": False}}):
            today = {**_state("open", ()), "organization_id": NOBODY, "version": 1}
            today["place"] = _place(stored["dead_at"], stored["_id"])
            today["body"] = _written(stored["body"])
            found = {"_id": stored["_id"], "version": {"$exists": False}}
            await self._collection.replace_one(found, {**stored, **today})

    async def add(self, letter: DeadLetter) -> None:
        key = str(letter.id)
        while True:
            stored = await self._collection.find_one({"_id": key})
            if stored is None:
                try:
                    await self._collection.insert_one(_first(letter))
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
                "dead_at": letter.dead_at,
                "place": _place(letter.dead_at, key),
                "reason": letter.reason,
                "error": letter.error,
                "state": "open",
            }
            if await self._replace(stored, again):
                return

    async def newest(
        self, whose: Whose, wanted: LetterFilter, *, before: Position | None, limit: int
    ) -> Sequence[KeptLetter]:
        query = _of(whose, wanted)
        if before is not None:
            query["place"] = {"$lt": _place(before[0], str(before[1]))}
        found = self._collection.find(query).sort("place", DESCENDING).limit(limit)
        return [_kept(stored) for stored in await found.to_list()]

    async def oldest(
        self, whose: Whose, wanted: LetterFilter, *, limit: int
    ) -> Sequence[KeptLetter]:
        found = self._collection.find(_of(whose, wanted)).sort("place", ASCENDING).limit(limit)
        return [_kept(stored) for stored in await found.to_list()]

    async def one(self, whose: Whose, id: UUID) -> KeptLetter:  # noqa: A002
        stored = await self._collection.find_one({**_of(whose, LetterFilter()), "_id": str(id)})
        if stored is None:
            raise LetterNotFound("There is no such dead letter")
        return _kept(stored)

    async def mark(
        self, seen: KeptLetter, state: State, action: Action | None = None
    ) -> KeptLetter:
        stored = await self._collection.find_one({"_id": str(seen.letter.id)})
        if stored is not None and _kept(stored) == seen:
            actions = (*seen.actions, action) if action else seen.actions
            following = {**stored, **_state(state, actions), "version": stored["version"] + 1}
            if await self._replace(stored, following):
                return _kept(following)
        raise LetterChanged("The dead letter has changed meanwhile; look at it again")

    async def count_open(self) -> int:
        return await self._collection.count_documents({"state": "open"})

    async def _replace(self, stored: Document, following: Document) -> bool:
        found = {"_id": stored["_id"], "version": stored["version"]}
        return (await self._collection.replace_one(found, following)).matched_count == 1


def _of(whose: Whose, wanted: LetterFilter) -> dict[str, Any]:
    owners = [str(whose.organization_id), *([NOBODY] if whose.unclaimed else [])]
    query: dict[str, Any] = {"organization_id": {"$in": owners}}
    if wanted.state is not None:
        query["state"] = wanted.state
    if wanted.queues is not None:
        query["queue"] = {"$in": list(wanted.queues)}
    if wanted.type is not None:
        query["type"] = wanted.type
    return query


def _place(dead_at: datetime, key: str) -> str:
    """Sorts as (dead_at, id) does; in milliseconds, because that is what a date here keeps.

    Without the dashes of a date, because the local server compares what looks like one as dates.
    """
    moment = (dead_at if dead_at.tzinfo else dead_at.replace(tzinfo=UTC)).astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d} {key}"


def _written(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _first(letter: DeadLetter) -> Document:
    key = str(letter.id)
    return {
        "_id": key,
        "version": 1,
        "organization_id": str(letter.organization_id or NOBODY),
        "message_id": letter.message_id,
        "type": letter.type,
        "queue": letter.queue,
        "reason": letter.reason,
        "error": letter.error,
        "headers": dict(letter.headers),
        "body": _written(letter.body),
        "times": 1,
        "dead_at": letter.dead_at,
        "place": _place(letter.dead_at, key),
        **_state("open", ()),
    }


def _state(state: State, actions: Sequence[Action]) -> Document:
    written = [
        {"action": each.action, "by": each.by, "at": each.at.isoformat(), "note": each.note}
        for each in actions
    ]
    return {"state": state, "actions": written}


def _kept(stored: Document) -> KeptLetter:
    owner = stored["organization_id"]
    return KeptLetter(
        letter=DeadLetter(
            id=UUID(stored["_id"]),
            organization_id=UUID(owner) if owner != NOBODY else None,
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
