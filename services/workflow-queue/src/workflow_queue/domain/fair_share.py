"""Which waiting jobs go next: the organization that uses least of its share first.

Max-min fairness over the jobs in flight, weighted (Bertsekas and Gallager, Data Networks, 6.5.2):
one organization's thousand jobs delay another's single job by no more than what runs already.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workflow_queue.domain.job_events import Priority
from workflow_queue.domain.pull_request import IntegrationId, JobId, OrganizationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many jobs may be in flight: of all, of one organization, of one integration."""

    window: int = 32
    organization: int = 32
    integration: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one organization was given: twice the `weight` is twice the jobs in flight."""

    concurrency: int
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.concurrency < 1 or not 0.01 <= self.weight <= 100:
            raise ValueError("a concurrency is at least 1, and a weight between 0.01 and 100")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WaitingJob:
    """In the order they go; ids are ordered by time."""

    priority: Priority
    id: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The first waiting jobs of one organization on one integration, and how many run."""

    organization_id: OrganizationId
    integration_id: IntegrationId | None
    in_flight: int
    waiting: tuple[WaitingJob, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Every line in which a job waits or runs, and the shares that differ from the settings'."""

    lines: Sequence[Line]
    shares: Mapping[OrganizationId, Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """How many jobs run, as one job sees it: in all, of its organization, on its integration.

    `concurrency` is what its organization was given, where that is not what the settings say.
    """

    in_all: int
    organization: int
    integration: int
    concurrency: int | None


class _Queue:
    """A line on its way to being served."""

    def __init__(self, line: Line, limit: int) -> None:
        self.waiting = list(reversed(line.waiting))
        self.room = max(0, limit - line.in_flight)

    @property
    def first(self) -> WaitingJob | None:
        return self.waiting[-1] if self.waiting and self.room else None

    def take(self) -> JobId:
        self.room -= 1
        return self.waiting.pop().id


def has_room(in_flight: InFlight, *, limits: Limits) -> bool:
    """Whether a job that nobody waits before may go at once; `choose` would say the same."""
    return (
        in_flight.in_all < limits.window
        and in_flight.organization < (in_flight.concurrency or limits.organization)
        and in_flight.integration < limits.integration
    )


def choose(waiting: Waiting, *, limits: Limits) -> list[JobId]:
    """The jobs to hand to workers now, in order."""
    in_flight: Counter[OrganizationId] = Counter()
    queues: dict[OrganizationId, list[_Queue]] = {}
    for line in waiting.lines:
        in_flight[line.organization_id] += line.in_flight
        queue = _Queue(line, limits.integration)
        queues.setdefault(line.organization_id, []).append(queue)
    default = Share(concurrency=limits.organization)
    turns: list[tuple[float, WaitingJob, OrganizationId]] = []

    def line_up(organization: OrganizationId) -> None:
        share = waiting.shares.get(organization, default)
        first = min((q.first for q in queues[organization] if q.first), default=None)
        if first is not None and in_flight[organization] < share.concurrency:
            used = in_flight[organization] / share.weight
            heapq.heappush(turns, (used, first, organization))

    for organization in queues:
        line_up(organization)
    chosen: list[JobId] = []
    free = limits.window - in_flight.total()
    while turns and len(chosen) < free:
        _, first, organization = heapq.heappop(turns)
        queue = next(q for q in queues[organization] if q.first == first)
        chosen.append(queue.take())
        in_flight[organization] += 1
        line_up(organization)
    return chosen
