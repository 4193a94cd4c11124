"""Analyze a change set: fetch it, ask each analyzer, select, summarise.

What is asked of others is saved as it comes; the rest costs less to do again than to store.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from crivo_observability.traces import span

from code_review.application import metrics
from code_review.application.as_completed import as_completed
from code_review.application.model_reviewer import Change, ModelReviewer
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
from code_review.domain.analysis import FETCH, Analysis, Outcome
from code_review.domain.change_set import ChangeSet
from code_review.domain.model_review import REVIEW
from code_review.domain.review import (
    ErrorClass,
    Failure,
    Result,
    Review,
    Status,
    Subject,
)
from code_review.domain.selection import Budget, on_changed_lines, select, worth_keeping
from code_review.domain.summary import summarise


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzePullRequest:
    """`sequence` is the command's place among the events of its job.

    `title` and `description` are what the author says of the change.
    """

    subject: Subject
    attempt: int
    sequence: int
    title: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzePullRequestHandler:
    reviews: Reviews
    stops: Stops
    change_sets: ChangeSets
    analyzers: Sequence[Analyzer]
    model_reviewer: ModelReviewer | None
    budget: Budget
    now: Now
    clock: Clock

    async def __call__(self, command: AnalyzePullRequest) -> None:
        review = await self._taken_up(command)
        if review is None or await self._stopped(review, command):
            return
        try:
            await self._analyze(review, command)
        except ChangeSetUnavailable as problem:
            await self._fail(review, problem.failure)
        if review.status is Status.RUNNING and review.analysis is not None:
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
        """Ask every analyzer, and then the model, about what has no answer yet."""
        answered = review.analysis.outcomes if review.analysis else {}
        waiting = [each for each in self.analyzers if each.name not in answered]
        if waiting or self._model_waits(review):
            async with self._stage(review, FETCH):
                change_set = await self.change_sets.get(review.subject.change_set_id)
            if await self._stopped(review, command):
                return
            review.begin_analysis(self._seen(change_set), self.now())
            await self._ask(waiting, review, change_set, command)
            if review.status is Status.RUNNING and self.model_reviewer is not None:
                await self._ask_model(self.model_reviewer, review, change_set, command)
        if review.status is Status.RUNNING and (review.analysis is None or review.analysis.is_void):
            every = Failure(error_class=ErrorClass.TRANSIENT, reason="every analyzer failed")
            await self._fail(review, every)

    def _model_waits(self, review: Review) -> bool:
        earlier = review.analysis.model_review if review.analysis else None
        return self.model_reviewer is not None and (earlier is None or not earlier.ended)

    async def _ask_model(
        self,
        reviewer: ModelReviewer,
        review: Review,
        change_set: ChangeSet,
        command: AnalyzePullRequest,
    ) -> None:
        """Each answer is saved as it comes: it is paid for."""
        analysis = review.analysis
        change = Change(
            change_set=change_set,
            title=command.title,
            description=command.description,
            findings=analysis.of_analyzers if analysis else (),
            earlier=analysis.model_review if analysis else None,
        )
        async with self._stage(review, REVIEW), aclosing(reviewer.read(change)) as growing:
            async for model_review in growing:
                review.checkpoint_model(model_review, self.now())
                await self.reviews.save(review)
                if await self._stopped(review, command):
                    return

    async def _ask(
        self,
        analyzers: Sequence[Analyzer],
        review: Review,
        change_set: ChangeSet,
        command: AnalyzePullRequest,
    ) -> None:
        outcomes = as_completed(self._run(each, review, change_set) for each in analyzers)
        async with aclosing(outcomes):
            async for name, outcome in outcomes:
                review.checkpoint(name, outcome, self.now())
                await self.reviews.save(review)
                if await self._stopped(review, command):
                    return

    async def _run(
        self, analyzer: Analyzer, review: Review, change_set: ChangeSet
    ) -> tuple[str, Outcome]:
        try:
            async with self._stage(review, f"analyze:{analyzer.name}"):
                said = await analyzer.analyze(change_set.sources())
        except AnalyzerFailed as problem:
            return analyzer.name, Outcome(failure=str(problem))
        except OSError as problem:
            # A full disk, or no room for a process: what is missing must be said, not lost.
            reason = f"{analyzer.name} could not be run: {type(problem).__name__}"
            return analyzer.name, Outcome(failure=reason)
        findings = on_changed_lines(said, change_set)
        for finding in findings:
            metrics.findings.labels(finding.source).inc()
        return analyzer.name, worth_keeping(findings, change_set)

    def _seen(self, change_set: ChangeSet) -> Analysis:
        sources = change_set.sources()
        read = [each for each in sources if any(one.reads(each.path) for one in self.analyzers)]
        return Analysis(
            files=len(read),
            lines=sum(len(source.changed_lines) for source in read),
            unread=len(sources) - len(read),
            unseen=change_set.unseen(),
        )

    async def _fail(self, review: Review, failure: Failure) -> None:
        review.fail(failure, self.now())
        await self.reviews.save(review)

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
        try:
            with span(f"review: {name}"):
                yield
        finally:
            # A stage that failed took its time too, all of it where it was cut short.
            seconds = self.clock() - begun
            metrics.stages.labels(name).observe(seconds)
            review.timings[name] = seconds * 1000
