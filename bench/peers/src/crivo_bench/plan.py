"""How long and how often everything is measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`seconds` is the length of one leg; a pair is one leg of ours and one of the peer's."""

    pairs: int
    seconds: int
    jobs: int
    past_jobs: int

    def interleaved(
        self, ours: Callable[[], T], theirs: Callable[[], T]
    ) -> tuple[list[T], list[T]]:
        """Every second pair begins with the other one: what drifts hits both alike."""
        measured: tuple[list[T], list[T]] = ([], [])
        for pair in range(self.pairs):
            for leg in (0, 1) if pair % 2 == 0 else (1, 0):
                measured[leg].append((ours, theirs)[leg]())
        return measured


WHOLE = Plan(pairs=5, seconds=4, jobs=400, past_jobs=1_000_000)
# To see that every row works; its figures mean nothing.
QUICK = Plan(pairs=1, seconds=1, jobs=40, past_jobs=20_000)
