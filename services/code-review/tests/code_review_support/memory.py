"""The ports in memory. The conformance suite holds the stores to what MongoDB does."""

import asyncio
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from code_review.application.language_model import (
    Answer,
    AskBudget,
    ModelRefused,
    Prompt,
    RefusalClass,
)
from code_review.application.ports import AnalyzerFailed, ConcurrentUpdate
from code_review.application.views import (
    FindingView,
    ModelView,
    ReviewNotFound,
    ReviewView,
    StageView,
    UnreadFile,
    place,
)
from code_review.domain.change_set import ChangeSet
from code_review.domain.finding import Finding
from code_review.domain.model_review import ModelReview
from code_review.domain.model_usage import Usage, estimated_tokens
from code_review.domain.review import JobId, Review
from code_review.domain.source_file import SourceFile
from code_review.infrastructure.published import published
from crivo_messaging.envelope import Envelope

T = TypeVar("T")
A_USAGE = Usage(requests=1, input_tokens=900, output_tokens=80, cost_usd=Decimal("0.000385"))


class MemoryReviews:
    def __init__(self) -> None:
        self.stored: dict[JobId, Review] = {}
        self.sent: list[Envelope] = []

    async def get(self, job_id: JobId) -> Review | None:
        return deepcopy(self.stored.get(job_id))

    async def save(self, review: Review) -> None:
        key = review.subject.job_id
        stored = self.stored.get(key)
        if (stored.revision if stored else 0) != review.revision:
            raise ConcurrentUpdate(key)
        self.sent += [published(review, event) for event in review.events]
        review.revision += 1
        review.events.clear()
        self.stored[key] = deepcopy(review)


class MemoryStops:
    def __init__(self) -> None:
        self._stops: dict[JobId, int] = {}

    async def add(self, job_id: JobId, *, sequence: int, at: datetime) -> None:
        self._stops[job_id] = max(sequence, self._stops.get(job_id, sequence))

    async def after(self, job_id: JobId, *, sequence: int) -> bool:
        return job_id in self._stops and self._stops[job_id] > sequence


class MemoryViews:
    def __init__(self, reviews: MemoryReviews) -> None:
        self._reviews = reviews

    async def review(self, organization_id: UUID, id: UUID) -> ReviewView:  # noqa: A002
        for review in self._reviews.stored.values():
            if (review.subject.organization_id, review.id) == (organization_id, id):
                return _view(review)
        raise ReviewNotFound("There is no such review")

    async def reviews(
        self,
        organization_id: UUID,
        *,
        job_id: UUID | None,
        before: str | None,
        limit: int,
    ) -> Sequence[ReviewView]:
        views = [
            _view(review)
            for review in self._reviews.stored.values()
            if review.subject.organization_id == organization_id
            and job_id in (None, review.subject.job_id)
        ]
        views.sort(key=lambda view: place(view.created_at, view.id), reverse=True)
        return [each for each in views if before is None or _place(each) < before][:limit]


class MemoryChangeSets:
    """Gives what it is told to, or raises it; `asked` counts."""

    def __init__(self, answer: ChangeSet | Exception) -> None:
        self.answer = answer
        self.asked = 0

    async def get(self, change_set_id: str) -> ChangeSet:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class MemoryAnalyzer:
    """Says what it is told to, or raises it, once `gate` is open."""

    def __init__(self, name: str, *said: Finding | BaseException, suffix: str = ".py") -> None:
        self.name = name
        self.said: tuple[Finding | BaseException, ...] = said
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.asked = 0
        self.cancelled = 0
        self._suffix = suffix

    def reads(self, path: str) -> bool:
        return path.endswith(self._suffix)

    async def analyze(self, files: Sequence[SourceFile]) -> list[Finding]:
        self.asked += 1
        self.begun.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        for each in self.said:
            if isinstance(each, BaseException):
                raise each
        return [each for each in self.said if isinstance(each, Finding)]


class MemoryFunctions:
    """Knows of these, or fails."""

    def __init__(self, known: Mapping[str, Sequence[range]] | None = None) -> None:
        self.known = known

    async def of(self, files: Sequence[SourceFile]) -> Mapping[str, Sequence[range]]:
        if self.known is None:
            raise AnalyzerFailed("no outline today")
        return self.known


class MemoryLanguageModel:
    """Says what it is told to, in turn and the last for ever, or raises it; `asked` remembers."""

    def __init__(self, *said: object, name: str = "memory", usage: Usage = A_USAGE) -> None:
        self.name = name
        self.said = list(said)
        self.usage = usage
        self.asked: list[Prompt] = []

    async def ask(self, prompt: Prompt, schema: type[T], budget: AskBudget) -> Answer[T]:
        if estimated_tokens(prompt.instructions + prompt.material) > budget.input_tokens:
            raise ModelRefused(RefusalClass.OVER_BUDGET, "too long", usage=Usage())
        self.asked.append(prompt)
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(said, BaseException):
            raise said
        if not isinstance(said, schema):
            raise ModelRefused(RefusalClass.BAD_ANSWER, "another schema", usage=self.usage)
        return Answer(content=said, model=self.name, usage=self.usage)


def _place(view: ReviewView) -> str:
    return place(view.created_at, view.id)


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
        model=_model(analysis.model_review) if analysis and analysis.model_review else None,
        failure=review.failure.reason if review.failure else None,
        created_at=review.created_at,
        updated_at=review.updated_at,
    )


def _model(asked: ModelReview) -> ModelView:
    usage = asked.usage
    return ModelView(
        name=asked.model,
        prompt_version=asked.prompt_version,
        requests=usage.requests,
        unreported_requests=usage.unreported,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=None if usage.cost_usd is None else float(usage.cost_usd),
        seconds=asked.seconds,
        rejected=dict(asked.rejected),
        not_read=[UnreadFile(path=path, reason=why) for path, why in asked.unread.items()],
    )


def _finding(finding: Finding) -> FindingView:
    shown: dict[str, Any] = {
        name: getattr(finding, name) for name in FindingView.__dataclass_fields__
    }
    return FindingView(**shown)
