"""Dead letters as documents of MongoDB."""

from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from crivo_messaging.dead_letters import DeadLetter


class MongoDeadLetters:
    def __init__(self, collection: AsyncCollection[dict[str, Any]]) -> None:
        self._collection = collection

    async def add(self, letter: DeadLetter) -> None:
        key = str(letter.id)
        stored = await self._collection.find_one({"_id": key})
        document = {
            "_id": key,
            "message_id": letter.message_id,
            "type": letter.type,
            "queue": letter.queue,
            "reason": letter.reason,
            "error": letter.error,
            "headers": dict(letter.headers),
            "body": letter.body,
            "times": (stored["times"] if stored else 0) + 1,
            "dead_at": letter.dead_at,
        }
        await self._collection.replace_one({"_id": key}, document, upsert=True)
