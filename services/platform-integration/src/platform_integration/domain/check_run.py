"""The check of a head commit: what it should say, to be brought to the code host."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

RETRY_BASE = timedelta(seconds=2)
RETRY_LIMIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState:
    """`conclusion` is set when `status` is completed: success, neutral or failure."""

    status: str
    title: str
    summary: str
    conclusion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """`said_by` and `sequence` order what jobs say: job ids are UUIDv7, later ones are larger."""

    organization_id: UUID
    repository_id: UUID
    head_sha: str
    state: CheckState
    said_by: UUID
    sequence: int
    host_id: int | None = None
    reported: bool = False
    attempts: int = 0
    next_attempt_at: datetime | None = None

    def now_says(self, state: CheckState, *, said_by: UUID, sequence: int) -> "CheckRun":
        """The newer word wins; a late one changes nothing."""
        if (said_by, sequence) <= (self.said_by, self.sequence):
            return self
        return replace(
            self,
            state=state,
            said_by=said_by,
            sequence=sequence,
            reported=False,
            attempts=0,
            next_attempt_at=None,
        )

    def postponed(self, now: datetime, until: datetime | None = None) -> "CheckRun":
        backoff = min(RETRY_BASE * 2**self.attempts, RETRY_LIMIT)
        return replace(
            self, attempts=self.attempts + 1, next_attempt_at=max(now + backoff, until or now)
        )
