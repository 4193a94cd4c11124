"""Why a step failed, and what follows from the kind of failure alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ErrorClass(StrEnum):
    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    PERMANENT = "permanent"

    @classmethod
    def named(cls, name: str) -> "ErrorClass":
        """A class of a later release is permanent: repeating what is not understood may harm."""
        return next((known for known in cls if known == name), cls.PERMANENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    error_class: ErrorClass
    reason: str
    retry_at: datetime | None = None


def transient(reason: str) -> Failure:
    return Failure(error_class=ErrorClass.TRANSIENT, reason=reason)


def permanent(reason: str) -> Failure:
    return Failure(error_class=ErrorClass.PERMANENT, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How often and how long: every limit that keeps a job from resting for ever."""

    max_attempts: int = 3
    analyze_deadline: timedelta = timedelta(minutes=25)
    publish_deadline: timedelta = timedelta(minutes=15)
    lease: timedelta = timedelta(seconds=20)
    backoff: timedelta = timedelta(seconds=10)
    longest_wait: timedelta = timedelta(hours=24)

    def retry_at(
        self, failure: Failure, *, tries: int, jitter: float, now: datetime
    ) -> datetime | None:
        """When to try again after `tries` tries, or None when the job is given up."""
        if failure.error_class is ErrorClass.PERMANENT or tries >= self.max_attempts:
            return None
        wait = self.backoff * (1 << (tries - 1)) * (1 + jitter) / 2
        if failure.error_class is ErrorClass.RATE_LIMITED and failure.retry_at is not None:
            # Jitter after the limit too, or everybody comes back in the same second.
            wait += max(failure.retry_at - now, timedelta())
        return now + min(wait, self.longest_wait)
