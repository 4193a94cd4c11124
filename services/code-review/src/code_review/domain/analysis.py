"""What the analyzers of a review have said so far: its checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from code_review.domain.finding import Finding
from code_review.domain.model_review import REVIEW, ModelReview

FETCH = "fetch change set"


@dataclass(frozen=True, slots=True)
class MissingStage:
    stage: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one analyzer found on changed lines, or the `failure` that kept it from its end.

    `unplaceable` are fingerprints of findings that no line of the diff can carry; `dropped` counts
    findings beyond those worth keeping.
    """

    findings: tuple[Finding, ...] = ()
    unplaceable: frozenset[str] = frozenset()
    dropped: int = 0
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Grows with every analyzer that ends, so that none is asked again.

    `files` and `lines` are those that some analyzer reads, `unread` the files that none does, and
    `unseen` is why part of the change could not be looked at. `model_review` is absent where no
    language model is configured, and until the analyzers have ended.
    """

    files: int
    lines: int
    unread: int = 0
    unseen: str | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    model_review: ModelReview | None = None

    def with_outcome(self, analyzer: str, outcome: Outcome) -> "Analysis":
        """In the order of names, whichever analyzer ends first."""
        return replace(self, outcomes=dict(sorted({**self.outcomes, analyzer: outcome}.items())))

    @property
    def of_analyzers(self) -> tuple[Finding, ...]:
        return tuple(chain.from_iterable(each.findings for each in self.outcomes.values()))

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.of_analyzers, *(self.model_review.findings if self.model_review else ()))

    @property
    def unplaceable(self) -> frozenset[str]:
        return frozenset().union(*(each.unplaceable for each in self.outcomes.values()))

    @property
    def dropped(self) -> int:
        return sum(each.dropped for each in self.outcomes.values())

    @property
    def missing(self) -> tuple[MissingStage, ...]:
        unseen = () if self.unseen is None else (MissingStage(FETCH, self.unseen),)
        failed = (
            MissingStage(f"analyze:{analyzer}", outcome.failure)
            for analyzer, outcome in self.outcomes.items()
            if outcome.failure is not None
        )
        reason = self._why_the_model_is_missing()
        unanswered = () if reason is None else (MissingStage(REVIEW, reason),)
        return (*unseen, *failed, *unanswered)

    def _why_the_model_is_missing(self) -> str | None:
        if self.model_review is None:
            return None
        if self.model_review.ended:
            return self.model_review.missing
        # A later attempt may have no model any more.
        return "the model was not asked about all of the change"

    @property
    def is_void(self) -> bool:
        """Whether not one analyzer ran to its end, and no model read anything."""
        if self.model_review is not None and self.model_review.read:
            return False
        return all(outcome.failure is not None for outcome in self.outcomes.values())

    def to_go_on_with(self) -> "Analysis":
        """What a later attempt keeps: it tries again whatever is missing.

        Where part of the change was unseen the analyzers are all asked again, of what is then seen.
        A model's answers are kept by what it was asked, and are paid once.
        """
        answered = {name: each for name, each in self.outcomes.items() if each.failure is None}
        return replace(
            self,
            outcomes=answered if self.unseen is None else {},
            model_review=self.model_review.to_go_on_with() if self.model_review else None,
        )
