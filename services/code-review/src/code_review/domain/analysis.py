"""What the analyzers of a review have said so far: its checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from code_review.domain.finding import Finding

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
    `unseen` is why part of the change could not be looked at.
    """

    files: int
    lines: int
    unread: int = 0
    unseen: str | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)

    def with_outcome(self, analyzer: str, outcome: Outcome) -> "Analysis":
        """In the order of names, whichever analyzer ends first."""
        return replace(self, outcomes=dict(sorted({**self.outcomes, analyzer: outcome}.items())))

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(chain.from_iterable(each.findings for each in self.outcomes.values()))

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
        return (*unseen, *failed)

    @property
    def is_void(self) -> bool:
        """Whether not one analyzer ran to its end."""
        return all(outcome.failure is not None for outcome in self.outcomes.values())

    def to_go_on_with(self) -> "Analysis | None":
        """What a later attempt keeps: it tries again whatever is missing."""
        if self.unseen is not None:
            return None
        whole = {name: each for name, each in self.outcomes.items() if each.failure is None}
        return replace(self, outcomes=whole)
