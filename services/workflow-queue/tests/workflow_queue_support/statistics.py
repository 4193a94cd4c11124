"""What the model of test_no_rest went through: states reached, transitions seen, examples run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import (
    DeadlineMoved,
    DispatchRejected,
    JobCreated,
    JobDispatched,
    JobEvent,
)
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId

UNBORN = "(none)"
# In old streams only.
NOT_RECORDED = (JobDispatched, DispatchRejected, DeadlineMoved)


@dataclass
class Statistics:
    examples: int = 0
    states: Counter[str] = field(default_factory=Counter)
    transitions: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)

    def saw(
        self,
        streams: Mapping[JobId, Sequence[JobEvent]],
        new: Sequence[tuple[JobId, JobEvent]],
    ) -> None:
        """Count each new event as a step from the state before it to the one after it."""
        left = Counter(job_id for job_id, _ in new)
        for job_id, event in new:
            stream = streams[job_id]
            position = len(stream) - left[job_id]
            left[job_id] -= 1
            before = UNBORN if isinstance(event, JobCreated) else _state(stream[:position])
            after = _state(stream[: position + 1])
            self.states[after] += 1
            self.transitions[before, type(event).__name__, after] += 1

    def lines(self) -> list[str]:
        return [
            f"{self.examples} examples, {self.transitions.total()} events,"
            f" {len(self.states)} states, {len(self.transitions)} transitions",
            "",
            "What became of messages to workers:",
            *(f"{times:8} {fate}" for fate, times in self.fates.most_common()),
            "",
            "States entered:",
            *(f"{times:8} {state}" for state, times in self.states.most_common()),
            "",
            "Transitions:",
            *(
                f"{times:8} {before} -- {event} --> {after}"
                for (before, event, after), times in self.transitions.most_common()
            ),
        ]

    def never_seen(self) -> set[str]:
        """States and events that no example came to: about them, nothing is shown."""
        states = {state.split()[0] for state in self.states}
        events = {event for _, event, _ in self.transitions}
        recorded = {kind.__name__ for kind in get_args(JobEvent) if kind not in NOT_RECORDED}
        return ({*State} - states) | (recorded - events)


STATISTICS = Statistics()


def _state(history: Sequence[JobEvent]) -> str:
    job = WorkflowJob.rebuilt(history)
    return f"{job.state} {job.step}" if job.is_active else str(job.state)
