"""One line of the table: what was measured, against what, and whether that is good enough."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

TIMES = "×"  # noqa: RUF001 - the sign, not the letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`at least` a value, or `at most` one."""

    bound: Literal["≥", "≤"]
    value: float
    unit: str = TIMES

    def is_reached(self, value: float) -> bool:
        return value >= self.value if self.bound == "≥" else value <= self.value

    def __str__(self) -> str:
        return f"{self.bound} {self.value:g} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`value` is in the target's unit: mostly the ratio of ours to the peer's."""

    what: str
    ours: str
    value: float
    target: Target
    against: str = "-"
    notes: tuple[str, ...] = ()

    @property
    def is_reached(self) -> bool:
        return self.target.is_reached(self.value)

    @property
    def said_value(self) -> str:
        digits = 2 if self.target.unit in (TIMES, "s") else 0
        return f"{self.value:.{digits}f} {self.target.unit}"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of pairs that were measured one after the other."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank, which is one of the values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
