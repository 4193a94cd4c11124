"""The service's collections, on any server of MongoDB's wire protocol."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from crivo_messaging.mongo import Document, MongoOutbox, StaleDocument, save
from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from code_review.application.ports import ConcurrentUpdate
from code_review.application.views import FindingView, ReviewNotFound, ReviewView, StageView
from code_review.domain.finding import Finding
from code_review.domain.review import JobId, Review, review_id
from code_review.infrastructure.documents import from_document, to_document
from code_review.infrastructure.published import published


class MongoReviews:
    """Implements Reviews; `outbox` in this process is woken when there is something to send."""

    def __init__(self, database: AsyncDatabase[Document], outbox: MongoOutbox) -> None:
        self._collection = database["reviews"]
        self._outbox = outbox

    async def get(self, job_id: JobId) -> Review | None:
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
            self._outbox.ring()


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
            await self._collection.replace_one({"_id": key, "sequence": {"$lt": sequence}}, made)

    async def after(self, job_id: JobId, *, sequence: int) -> bool:
        stored = await self._collection.find_one({"_id": str(job_id)})
        return stored is not None and stored["sequence"] > sequence


class MongoViews:
    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._collection = database["reviews"]

    async def review(self, organization_id: UUID, id: UUID) -> ReviewView:  # noqa: A002
        wanted = {"_id": str(id), "organization_id": str(organization_id)}
        stored = await self._collection.find_one(wanted)
        if stored is None:
            raise ReviewNotFound("There is no such review")
        return _view(from_document(stored))

    async def reviews(
        self,
        organization_id: UUID,
        *,
        job_id: UUID | None,
        before: str | None,
        limit: int,
    ) -> Sequence[ReviewView]:
        wanted: dict[str, Any] = {"organization_id": str(organization_id)}
        if job_id is not None:
            wanted["job_id"] = str(job_id)
        if before is not None:
            wanted["place"] = {"$lt": before}
        found = self._collection.find(wanted).sort("place", DESCENDING).limit(limit)
        return [_view(from_document(stored)) for stored in await found.to_list()]


async def create_indexes(database: AsyncDatabase[Document]) -> None:
    """Making them again changes nothing."""
    reviews = database["reviews"]
    await reviews.create_index([("organization_id", ASCENDING), ("place", DESCENDING)])
    await reviews.create_index([("organization_id", ASCENDING), ("job_id", ASCENDING)])
    await reviews.create_index([("pending_count", ASCENDING), ("not_before", ASCENDING)])


def _view(review: Review) -> ReviewView:
    subject, result, analysis = review.subject, review.result, review.analysis
    return ReviewView(
        id=review.id,
        job_id=subject.job_id,
        repository_id=subject.repository_id,
        repository_full_name=subject.repository_full_name,
        pull_request_number=subject.pull_request_number,
        head_sha=subject.head_sha,
        attempt=review.attempt,
        status=review.status,
        summary=result.summary if result else None,
        findings=[_finding(each) for each in (result.comments if result else ())],
        summary_findings=[_finding(each) for each in (result.listed if result else ())],
        missing_stages=[
            StageView(stage=each.stage, reason=each.reason)
            for each in (analysis.missing if analysis else ())
        ],
        timings=[
            StageView(stage=stage, milliseconds=spent) for stage, spent in review.timings.items()
        ],
        failure=review.failure.reason if review.failure else None,
        created_at=review.created_at,
        updated_at=review.updated_at,
    )


def _finding(finding: Finding) -> FindingView:
    return FindingView(
        path=finding.path,
        start_line=finding.start_line,
        end_line=finding.end_line,
        severity=finding.severity,
        category=finding.category,
        title=finding.title,
        explanation=finding.explanation,
        source=finding.source,
        confidence=finding.confidence,
        fingerprint=finding.fingerprint,
        replacement=finding.replacement,
    )
