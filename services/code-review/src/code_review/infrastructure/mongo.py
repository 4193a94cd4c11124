"""The service's collections, on any server of MongoDB's wire protocol."""

from datetime import datetime

from crivo_messaging.mongo import Document, MongoOutbox, StaleDocument, save
from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from code_review.application.ports import ConcurrentUpdate
from code_review.domain.review import JobId, Review, review_id
from code_review.infrastructure.documents import from_document, to_document
from code_review.infrastructure.published import published


class MongoReviews:
    """Implements Reviews; `outbox` in this process is woken when there is something to send."""

    def __init__(self, database: AsyncDatabase[Document], outbox: MongoOutbox) -> None:
        self._collection = database["reviews"]
        self._outbox = outbox

    async def get(self, job_id: JobId) -> Review | None:
        # all organizations: the id is of one job, asked for by a command of the queue
        stored = await self._collection.find_one({"_id": str(review_id(job_id))})
        return from_document(stored) if stored else None

    async def save(self, review: Review) -> None:
        envelopes = [published(review, event) for event in review.events]
        try:
            await save(
                self._collection,
                to_document(review),
                revision=review.revision,
                envelopes=envelopes,
            )
        except StaleDocument as problem:
            raise ConcurrentUpdate(str(problem)) from problem
        review.revision += 1
        review.events.clear()
        if envelopes:
            self._outbox.notify()


class MongoStops:
    """Implements Stops; of two stops of a job the later one counts."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._collection = database["stops"]

    async def add(self, job_id: JobId, *, sequence: int, at: datetime) -> None:
        key = str(job_id)
        made = {"_id": key, "sequence": sequence, "at": at}
        try:
            await self._collection.insert_one(made)
        except DuplicateKeyError:
            # all organizations: the id is of one job
            await self._collection.replace_one({"_id": key, "sequence": {"$lt": sequence}}, made)

    async def after(self, job_id: JobId, *, sequence: int) -> bool:
        # all organizations: the id is of one job, asked for by a command of the queue
        stored = await self._collection.find_one({"_id": str(job_id)})
        return stored is not None and stored["sequence"] > sequence


async def create_indexes(database: AsyncDatabase[Document]) -> None:
    """Making them again changes nothing."""
    reviews = database["reviews"]
    await reviews.create_index([("organization_id", ASCENDING), ("place", DESCENDING)])
    await reviews.create_index([("organization_id", ASCENDING), ("job_id", ASCENDING)])
    await reviews.create_index([("pending_count", ASCENDING), ("not_before", ASCENDING)])
