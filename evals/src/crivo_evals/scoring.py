"""Which comments are about what was planted, and what that makes of all."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from crivo_evals.cases import Answer
from crivo_evals.outcomes import Comment, Reader

# A comment next to the lines is read by the same eyes.
SLACK_LINES = 3
RESAMPLES = 5000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A case with its comments: those that hit what was planted, and all others."""

    answer: Answer
    hits: tuple[Comment, ...]
    others: tuple[Comment, ...]

    @property
    def is_found(self) -> bool:
        return bool(self.hits)

    def by(self, reader: Reader) -> "Judged":
        """As if nobody else had said anything."""
        return replace(
            self,
            hits=tuple(each for each in self.hits if each.by == reader),
            others=tuple(each for each in self.others if each.by == reader),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    planted: int
    found: int
    clean: int
    alarmed: int
    comments: int
    hits: int

    @property
    def recall(self) -> float | None:
        return self.found / self.planted if self.planted else None

    @property
    def precision(self) -> float | None:
        """Of comments; None when there are none."""
        return self.hits / self.comments if self.comments else None

    @property
    def false_alarms(self) -> int:
        return self.comments - self.hits


def judge(answer: Answer, comments: Iterable[Comment]) -> Judged:
    said = tuple(comments)
    return Judged(
        answer=answer,
        hits=tuple(each for each in said if _hits(each, answer)),
        others=tuple(each for each in said if not _hits(each, answer)),
    )


def score(judged: Sequence[Judged]) -> Score:
    planted = [each for each in judged if each.answer.is_planted]
    clean = [each for each in judged if not each.answer.is_planted]
    hits = sum(len(each.hits) for each in judged)
    return Score(
        planted=len(planted),
        found=sum(each.is_found for each in planted),
        clean=len(clean),
        alarmed=sum(bool(each.others) for each in clean),
        comments=hits + sum(len(each.others) for each in judged),
        hits=hits,
    )


def interval(
    judged: Sequence[Judged], figure: Callable[[Score], float | None]
) -> tuple[float, float] | None:
    """Bootstrap over cases; None where the figure says nothing."""
    if figure(score(judged)) is None:
        return None
    chance = random.Random(1)
    drawn = (figure(score(chance.choices(judged, k=len(judged)))) for _ in range(RESAMPLES))
    values = sorted(value for value in drawn if value is not None)
    outside = round(len(values) * (1 - CONFIDENCE) / 2)
    return values[outside], values[-1 - outside]


def _hits(comment: Comment, answer: Answer) -> bool:
    return any(
        comment.path == region.path
        and comment.first <= region.last + SLACK_LINES
        and comment.last >= region.first - SLACK_LINES
        for region in answer.regions
    )
