"""When pushes are reviewed without anybody asking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MANUAL = "manual"
PAUSED = "paused"


class Mode(StrEnum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"
    AUTO_PAUSE = "auto_pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """With auto-pause, the push that is the `pushes`-th within `window` is not reviewed any more,
    nor is anything after it until somebody asks."""

    mode: Mode = Mode.AUTO_PAUSE
    pushes: int = 3
    window: timedelta = timedelta(minutes=15)

    def counted(self, earlier: Sequence[datetime], at: datetime) -> tuple[datetime, ...]:
        """The pushes that count once another one comes, no more of them than matter."""
        if self.mode is not Mode.AUTO_PAUSE:
            return ()
        recent = [each for each in earlier if at - each < self.window]
        return (*recent, at)[-self.pushes :]

    def is_too_much(self, counted: Sequence[datetime]) -> bool:
        return self.mode is Mode.AUTO_PAUSE and len(counted) >= self.pushes

    def holds_back(self, *, paused: bool) -> str | None:
        """Why a review that nobody asked for is not done."""
        if self.mode is Mode.MANUAL:
            return MANUAL
        return PAUSED if paused else None
