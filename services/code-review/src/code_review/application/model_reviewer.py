"""The stage `review`: ask a language model about a change, bundle by bundle."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeAlias

from code_review.application import metrics
from code_review.application.as_completed import as_completed
from code_review.application.language_model import (
    AskBudget,
    LanguageModel,
    ModelRefused,
    Prompt,
    RefusalClass,
)
from code_review.application.ports import AnalyzerFailed, Clock, Functions, Now
from code_review.domain.change_set import ChangeSet
from code_review.domain.claims import Claims
from code_review.domain.finding import Finding
from code_review.domain.gate import SOURCE, check
from code_review.domain.material import material
from code_review.domain.model_review import BundleOutcome, ModelReview
from code_review.domain.model_usage import Usage
from code_review.domain.reading import Bundle, ReadingPlan, files_to_read, over_budget, plan_reading

Pause: TypeAlias = Callable[[float], Awaitable[None]]
# A text that nobody who wrote the change could have known.
NewBoundary: TypeAlias = Callable[[], str]

RETRY_SECONDS = 2.0
MOST_TRIES = 2
# What findings of analyzers mostly add to a question.
EVIDENCE_TOKENS = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """Of one review: estimated tokens to send, and seconds for all answers together.

    `output_tokens` is for one answer.
    """

    input_tokens: int
    output_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    version: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the model is shown; `earlier` has answers that are not to be asked for again."""

    change_set: ChangeSet
    title: str | None
    description: str | None
    findings: Sequence[Finding]
    earlier: ModelReview | None


class _Budget:
    """Estimated tokens that may still be sent; what was really sent replaces the estimates."""

    def __init__(self, tokens: int, spent: int) -> None:
        self._tokens = tokens
        self._spent = spent

    def take(self, estimate: int) -> bool:
        if self._spent + estimate > self._tokens:
            return False
        self._spent += estimate
        return True

    def settle(self, estimate: int, usage: Usage) -> None:
        """Where nobody said what was sent, the estimate stands."""
        if not usage.unreported:
            self._spent += usage.input_tokens - estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    change: Change
    budget: _Budget
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReviewer:
    model: LanguageModel
    functions: Functions
    instructions: Instructions
    limits: ReadingLimits
    now: Now
    clock: Clock
    pause: Pause
    new_boundary: NewBoundary

    async def read(self, change: Change) -> AsyncGenerator[ModelReview, None]:
        """The review as it grows, answer by answer; the last one has ended."""
        deadline = self.clock() + self.limits.seconds
        plan = await self._plan(change)
        review = self._begun(plan, change.earlier)
        session = _Session(
            change=change,
            budget=_Budget(self.limits.input_tokens, review.usage.input_tokens),
            deadline=deadline,
        )
        waiting = [each for each in plan.bundles if each.key not in review.outcomes]
        outcomes = as_completed(self._outcome(each, session) for each in waiting)
        async with aclosing(outcomes):
            async for key, outcome in outcomes:
                review = review.with_outcome(key, outcome)
                yield review
        yield replace(review, ended=True)

    async def _plan(self, change: Change) -> ReadingPlan:
        functions = await self._functions_in(change.change_set)
        # Megabytes of diff take a second, in which heartbeats must go on.
        return await asyncio.to_thread(
            plan_reading,
            change.change_set,
            functions,
            input_tokens=self.limits.input_tokens,
            overhead_tokens=self._overhead(change),
        )

    async def _functions_in(self, change_set: ChangeSet) -> Mapping[str, Sequence[range]]:
        try:
            return await self.functions.of(files_to_read(change_set))
        except (AnalyzerFailed, OSError):
            # Lines around the change serve nearly as well as the function around it.
            return {}

    def _overhead(self, change: Change) -> int:
        empty = Bundle(key="", excerpts=())
        prompt = self._prompt(empty, change)
        return prompt.tokens + EVIDENCE_TOKENS

    def _begun(self, plan: ReadingPlan, earlier: ModelReview | None) -> ModelReview:
        asked = {bundle.key for bundle in plan.bundles}
        kept = earlier.outcomes if earlier else {}
        return ModelReview(
            model=self.model.name,
            prompt_version=self.instructions.version,
            not_read=plan.not_read,
            skipped={kind.value: number for kind, number in plan.skipped.items()},
            outcomes={key: each for key, each in kept.items() if key in asked},
            usage=earlier.usage if earlier else Usage(),
            seconds=earlier.seconds if earlier else 0.0,
        )

    def _prompt(self, bundle: Bundle, change: Change) -> Prompt:
        return Prompt(
            instructions=self.instructions.text,
            material=material(
                bundle,
                title=change.title,
                description=change.description,
                changed_files=[(file.status, file.path) for file in change.change_set.files],
                evidence=change.findings,
                boundary=self.new_boundary(),
            ),
        )

    async def _outcome(self, bundle: Bundle, session: _Session) -> tuple[str, BundleOutcome]:
        outcome = await self._asked(bundle, session)
        metrics.findings.labels(SOURCE).inc(len(outcome.findings))
        for reason, number in outcome.rejected.items():
            metrics.model_rejected.labels(reason).inc(number)
        return bundle.key, outcome

    async def _asked(self, bundle: Bundle, session: _Session) -> BundleOutcome:
        paths = tuple(sorted({excerpt.path for excerpt in bundle.excerpts}))
        begun, usage, failure = self.clock(), Usage(), ""
        for tried in range(1, MOST_TRIES + 1):
            prompt = self._prompt(bundle, session.change)
            estimate = prompt.tokens
            left = session.deadline - self.clock()
            if left <= 0:
                failure = failure or f"no answer within {self.limits.seconds:g} s"
                break
            if not session.budget.take(estimate):
                failure = failure or over_budget(self.limits.input_tokens)
                break
            try:
                claims, paid = await self._ask(prompt, estimate, left)
            except ModelRefused as problem:
                session.budget.settle(estimate, problem.usage)
                usage += problem.usage
                failure = str(problem)
                wait = self._wait(problem, session.deadline)
                if wait is None or tried == MOST_TRIES:
                    break
                await self.pause(wait)
            else:
                session.budget.settle(estimate, paid)
                # As with plans: a claim is looked for in every line of the file that it names.
                checked = await asyncio.to_thread(check, claims.findings, session.change.change_set)
                return BundleOutcome(
                    paths=paths,
                    findings=checked.findings,
                    rejected=checked.rejected,
                    usage=usage + paid,
                    seconds=self.clock() - begun,
                )
        return BundleOutcome(
            paths=paths, usage=usage, seconds=self.clock() - begun, failure=failure
        )

    async def _ask(self, prompt: Prompt, estimate: int, seconds: float) -> tuple[Claims, Usage]:
        begun, model, outcome = self.clock(), self.model.name, "answered"
        usage = Usage()
        budget = AskBudget(
            input_tokens=estimate, output_tokens=self.limits.output_tokens, seconds=seconds
        )
        try:
            answer = await self.model.ask(prompt, Claims, budget)
            model, usage = answer.model, answer.usage
        except ModelRefused as problem:
            outcome, usage = problem.refusal.value, problem.usage
            raise
        finally:
            metrics.model_answers.labels(model, outcome).inc()
            metrics.model_seconds.labels(model).observe(self.clock() - begun)
            _count(model, usage)
        return answer.content, usage

    def _wait(self, problem: ModelRefused, deadline: float) -> float | None:
        """Seconds until it is worth another try, if that is before the deadline."""
        match problem.refusal:
            case RefusalClass.UNAVAILABLE:
                wait = RETRY_SECONDS
            case RefusalClass.RATE_LIMITED if problem.retry_at is not None:
                wait = max(0.0, (problem.retry_at - self.now()).total_seconds())
            case _:
                return None
        return wait if self.clock() + wait < deadline else None


def _count(model: str, usage: Usage) -> None:
    metrics.model_tokens.labels(model, "input").inc(usage.input_tokens)
    metrics.model_tokens.labels(model, "output").inc(usage.output_tokens)
    if usage.cost_usd is None:
        metrics.model_unpriced.labels(model).inc(usage.requests)
    else:
        metrics.model_cost.labels(model).inc(float(usage.cost_usd))
