"""Analyze a change set stage by stage, each saved before the next begins."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from crivo_observability.traces import span
from prometheus_client import Counter, Histogram

from code_review.application.ports import (
    Analyzer,
    AnalyzerFailed,
    ChangeSets,
    ChangeSetUnavailable,
    Clock,
    Now,
    Reviews,
    Stops,
)
from code_review.domain.change_set import ChangeSet
from code_review.domain.finding import Finding
from code_review.domain.review import (
    Analysis,
    ErrorClass,
    Failure,
    MissingStage,
    Result,
    Review,
    Subject,
)
from code_review.domain.selection import Budget, commentable, on_changed_lines, select
from code_review.domain.summary import summarise

_stages = Histogram("crivo_review_stage_seconds", "Duration of a review's stages", ["stage"])
_findings = Counter("crivo_review_findings_total", "Findings on changed lines", ["source"])


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzePullRequest:
    """`sequence` is the command's place among the events of its job."""

    subject: Subject
    attempt: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzePullRequestHandler:
    reviews: Reviews
    stops: Stops
    change_sets: ChangeSets
    analyzers: Sequence[Analyzer]
    budget: Budget
    now: Now
    clock: Clock

    async def __call__(self, command: AnalyzePullRequest) -> None:
        review = await self._taken_up(command)
        if review is None or await self._stopped(review, command):
            return
        try:
            if review.analysis is None:
                await self._analyze(review, command)
        except ChangeSetUnavailable as problem:
            review.fail(problem.failure, self.now())
            await self.reviews.save(review)
            return
        if review.analysis is None or await self._stopped(review, command):
            return
        await self._conclude(review, review.analysis)

    async def _taken_up(self, command: AnalyzePullRequest) -> Review | None:
        review = await self.reviews.get(command.subject.job_id)
        if review is None:
            review = Review.begin(command.subject, attempt=command.attempt, now=self.now())
        elif not review.take_up(attempt=command.attempt, now=self.now()):
            return None
        if review.events:
            await self.reviews.save(review)
        return review

    async def _stopped(self, review: Review, command: AnalyzePullRequest) -> bool:
        if not await self.stops.after(command.subject.job_id, sequence=command.sequence):
            return False
        review.stop(self.now())
        await self.reviews.save(review)
        return True

    async def _analyze(self, review: Review, command: AnalyzePullRequest) -> None:
        async with self._stage(review, "fetch change set"):
            change_set = await self.change_sets.get(review.subject.change_set_id)
        if await self._stopped(review, command):
            return
        async with self._stage(review, "analyze"):
            analysis = await self._run_analyzers(review, change_set)
        if analysis is None:
            review.fail(
                Failure(error_class=ErrorClass.TRANSIENT, reason="every analyzer failed"),
                self.now(),
            )
        else:
            review.checkpoint(analysis, self.now())
        await self.reviews.save(review)

    async def _run_analyzers(self, review: Review, change_set: ChangeSet) -> Analysis | None:
        """Nothing when not one of them ran to its end."""
        sources = change_set.sources()

        async def run(analyzer: Analyzer) -> list[Finding] | MissingStage:
            try:
                async with self._stage(review, f"analyze:{analyzer.name}"):
                    return await analyzer.analyze(sources)
            except AnalyzerFailed as problem:
                return MissingStage(f"analyze:{analyzer.name}", str(problem))

        outcomes = await asyncio.gather(*(run(analyzer) for analyzer in self.analyzers))
        missing = [each for each in outcomes if isinstance(each, MissingStage)]
        if len(missing) == len(outcomes):
            return None
        if reason := change_set.unseen():
            missing.insert(0, MissingStage("fetch change set", reason))
        said = (found for each in outcomes if isinstance(each, list) for found in each)
        findings = on_changed_lines(said, change_set)
        for finding in findings:
            _findings.labels(finding.source).inc()
        return Analysis(
            findings=tuple(findings),
            unplaceable=frozenset(
                each.fingerprint for each in findings if not commentable(each, change_set)
            ),
            missing=tuple(missing),
            files=len(sources),
            lines=sum(len(source.changed_lines) for source in sources),
        )

    async def _conclude(self, review: Review, analysis: Analysis) -> None:
        async with self._stage(review, "select"):
            selection = select(analysis.findings, analysis.unplaceable, self.budget)
        async with self._stage(review, "summarise"):
            result = Result(
                summary=summarise(analysis, selection),
                comments=selection.comments,
                listed=selection.listed,
            )
        review.end(result, self.now())
        await self.reviews.save(review)

    @asynccontextmanager
    async def _stage(self, review: Review, name: str) -> AsyncIterator[None]:
        begun = self.clock()
        with span(f"review: {name}"):
            yield
        seconds = self.clock() - begun
        _stages.labels(name).observe(seconds)
        review.timings[name] = seconds * 1000
