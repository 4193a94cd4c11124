"""What people may see of reviews."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID


class ReviewNotFound(Exception):
    """The organization has no such review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    path: str
    start_line: int
    end_line: int
    severity: str
    category: str
    title: str
    explanation: str
    source: str
    confidence: float
    fingerprint: str
    replacement: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """A stage that is missing, or what one took."""

    stage: str
    reason: str | None = None
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFile:
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """What a language model was asked, and what that cost.

    `cost_usd` is null where a model's price is not known. `unreported_requests` are those whose
    tokens the provider did not say. `rejected` counts claims that were not shown, by reason, and
    `not_read` names files that the model did not read.
    """

    name: str
    prompt_version: str
    requests: int
    unreported_requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    seconds: float
    rejected: dict[str, int]
    not_read: list[UnreadFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """A review as far as it got."""

    id: UUID
    job_id: UUID
    repository_id: UUID
    repository_full_name: str
    pull_request_number: int
    head_sha: str
    attempt: int
    status: str
    summary: str | None
    findings: list[FindingView]
    summary_findings: list[FindingView]
    missing_stages: list[StageView]
    timings: list[StageView]
    model: ModelView | None
    failure: str | None
    created_at: datetime
    updated_at: datetime


class Views(Protocol):
    async def review(self, organization_id: UUID, id: UUID) -> ReviewView:  # noqa: A002
        """Raise ReviewNotFound."""
        ...

    async def reviews(
        self,
        organization_id: UUID,
        *,
        job_id: UUID | None,
        before: str | None,
        limit: int,
    ) -> Sequence[ReviewView]:
        """Newest first; `before` is the place of the last one of the page before."""
        ...


PLACE = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6} [0-9a-f-]{36}")


def place(created_at: datetime, review_id: UUID) -> str:
    """Where a review stands in lists: one text, which an index and every server can compare.

    Without the dashes of a date, because the local server compares what looks like one as dates.
    """
    return f"{created_at.astimezone(UTC):%Y%m%dT%H%M%S.%f} {review_id}"
