"""What a language model has said about a change so far: the checkpoint of the stage `review`."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from code_review.domain.finding import Finding
from code_review.domain.model_usage import Usage

REVIEW = "review"
# In characters: as much of a list of names as a person reads.
MOST_NAMES = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleOutcome:
    """What the model said about one bundle of files: findings that passed the gate, or a `failure`.

    `rejected` counts by reason what did not pass. `seconds` is how long the answer took.
    """

    paths: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReview:
    """Grows with every answer, so that none is paid twice.

    `outcomes` are by the key of their bundle; `not_read` says of files why no question was asked
    about them, and `skipped` counts those of kinds that nobody reviews. `usage` and `seconds` are
    of all attempts, also of answers that a later attempt asked for again.
    """

    model: str
    prompt_version: str
    not_read: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, BundleOutcome] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    ended: bool = False

    def with_outcome(self, bundle: str, outcome: BundleOutcome) -> "ModelReview":
        """In the order of keys, whichever answer comes first."""
        return replace(
            self,
            outcomes=dict(sorted({**self.outcomes, bundle: outcome}.items())),
            usage=self.usage + outcome.usage,
            seconds=self.seconds + outcome.seconds,
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(chain.from_iterable(each.findings for each in self.outcomes.values()))

    @property
    def rejected(self) -> Mapping[str, int]:
        counted: Counter[str] = Counter()
        for each in self.outcomes.values():
            counted.update(each.rejected)
        return dict(sorted(counted.items()))

    @property
    def unread(self) -> Mapping[str, str]:
        """Every file that the model did not read whole, with the reason."""
        unanswered = {
            path: outcome.failure
            for outcome in self.outcomes.values()
            if outcome.failure is not None
            for path in outcome.paths
        }
        return dict(sorted({**self.not_read, **unanswered}.items()))

    @property
    def read(self) -> frozenset[str]:
        """Every file that the model read whole."""
        asked = chain.from_iterable(each.paths for each in self.outcomes.values())
        return frozenset(asked) - self.unread.keys()

    @property
    def missing(self) -> str | None:
        """Why the stage is not whole, with the names of what was not read."""
        unread = self.unread
        if not unread:
            return None
        by_reason: dict[str, list[str]] = {}
        for path, reason in unread.items():
            by_reason.setdefault(reason, []).append(path)
        reasons = [f"{reason}: {_names(paths)}" for reason, paths in by_reason.items()]
        of = len(unread) + len(self.read)
        return f"{len(unread)} of {of} files not read by the model; " + "; ".join(reasons)

    def to_go_on_with(self) -> "ModelReview":
        """What a later attempt keeps: answers that were paid for, and what they cost."""
        answered = {key: each for key, each in self.outcomes.items() if each.failure is None}
        return replace(self, outcomes=answered, ended=False)


def _names(paths: list[str]) -> str:
    shown: list[str] = []
    room = MOST_NAMES
    for path in paths:
        if len(path) + 2 > room:
            break
        room -= len(path) + 2
        shown.append(path)
    left = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")
