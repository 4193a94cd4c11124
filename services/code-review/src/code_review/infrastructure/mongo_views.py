"""Reviews as people see them, read from the documents without the domain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from crivo_messaging.mongo import Document
from pymongo import DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from code_review.application.views import (
    FindingView,
    ModelView,
    ReviewNotFound,
    ReviewView,
    StageView,
    UnreadFile,
)

# The checkpoint and the outbox may be many times what is shown.
_SHOWN = {"analysis": 0, "pending": 0}


class MongoViews:
    """Implements Views."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._collection = database["reviews"]

    async def review(self, organization_id: UUID, id: UUID) -> ReviewView:  # noqa: A002
        wanted = {"_id": str(id), "organization_id": str(organization_id)}
        stored = await self._collection.find_one(wanted, _SHOWN)
        if stored is None:
            raise ReviewNotFound("There is no such review")
        return _view(stored)

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
        found = self._collection.find(wanted, _SHOWN).sort("place", DESCENDING).limit(limit)
        return [_view(stored) for stored in await found.to_list()]


def _view(stored: Document) -> ReviewView:
    result = stored["result"] or {"summary": None, "comments": [], "listed": []}
    return ReviewView(
        id=UUID(stored["_id"]),
        job_id=UUID(stored["job_id"]),
        repository_id=UUID(stored["repository_id"]),
        repository_full_name=stored["repository_full_name"],
        pull_request_number=stored["pull_request_number"],
        head_sha=stored["head_sha"],
        attempt=stored["attempt"],
        status=stored["status"],
        summary=result["summary"],
        findings=[FindingView(**each) for each in result["comments"]],
        summary_findings=[FindingView(**each) for each in result["listed"]],
        missing_stages=[
            StageView(stage=stage, reason=reason) for stage, reason in stored["missing"]
        ],
        timings=[StageView(stage=stage, milliseconds=spent) for stage, spent in stored["timings"]],
        # Reviews of a release without a model say nothing of one.
        model=_model(asked) if (asked := stored.get("model")) else None,
        failure=stored["failure"]["reason"] if stored["failure"] else None,
        created_at=datetime.fromisoformat(stored["created_at"]),
        updated_at=datetime.fromisoformat(stored["updated_at"]),
    )


def _model(stored: Document) -> ModelView:
    cost = stored["cost_usd"]
    return ModelView(
        name=stored["name"],
        prompt_version=stored["prompt_version"],
        requests=stored["requests"],
        unreported_requests=stored["unreported"],
        input_tokens=stored["input_tokens"],
        output_tokens=stored["output_tokens"],
        cost_usd=None if cost is None else float(cost),
        seconds=stored["seconds"],
        rejected=dict(stored["rejected"]),
        not_read=[UnreadFile(path=path, reason=reason) for path, reason in stored["not_read"]],
    )
