"""Who does a running step, as far as heartbeats tell."""

from dataclasses import dataclass
from datetime import datetime

from workflow_queue.domain.job_events import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A worker's hold on an attempt; outside the events, which heartbeats would flood."""

    step: Step
    attempt: int
    until: datetime

    def is_of(self, step: Step, attempt: int) -> bool:
        return (self.step, self.attempt) == (step, attempt)
