"""Where a job can be in its life."""

from enum import StrEnum


class State(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    RETRY_SCHEDULED = "retry_scheduled"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"


ACTIVE = frozenset({State.PENDING, State.RUNNING, State.RETRY_SCHEDULED})
STOPPED = frozenset({State.FAILED, State.CANCELLED, State.SUPERSEDED, State.SKIPPED})
