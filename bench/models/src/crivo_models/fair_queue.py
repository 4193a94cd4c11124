"""Waiting jobs and a few places at workers (SimPy), in the product's own order or first come first.

`choose` is workflow-queue's: what is shown here is the order that runs, not a copy of it.
"""

import random
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

import simpy
from workflow_queue.domain.fair_share import Limits, Line, Share, Waiting, WaitingJob, choose
from workflow_queue.domain.job_events import Priority
from workflow_queue.domain.pull_request import JobId, OrganizationId

Events: TypeAlias = Generator[simpy.Event, None, None]


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """Seconds since the beginning; `service` is how long a worker needs, ids are as old as jobs."""

    id: JobId
    organization: OrganizationId
    arrives: float
    service: float
    starts: float = field(default=-1.0, init=False)

    @property
    def waits(self) -> float:
        return self.starts - self.arrives

    @property
    def ends(self) -> float:
        return self.starts + self.service


# Which of the waiting go next, given how many places are free and who runs.
Order: TypeAlias = Callable[[Sequence[Job], Counter[OrganizationId], int], list[JobId]]


def first_come_first_served(
    waiting: Sequence[Job], _: Counter[OrganizationId], free: int
) -> list[JobId]:
    return [job.id for job in waiting[:free]]


def fair(window: int, shares: Mapping[OrganizationId, Share] | None = None) -> Order:
    """As workflow-queue's dispatcher decides it, with nobody limited below the window."""
    limits = Limits(window=window, organization=window, integration=window)

    def order(waiting: Sequence[Job], running: Counter[OrganizationId], _: int) -> list[JobId]:
        lines: dict[OrganizationId, list[WaitingJob]] = {each: [] for each in running}
        for job in waiting:
            first = lines.setdefault(job.organization, [])
            if len(first) < window:
                first.append(WaitingJob(priority=Priority.AUTOMATIC, id=job.id))
        queues = [
            Line(
                organization_id=organization,
                integration_id=None,
                in_flight=running[organization],
                waiting=tuple(first),
            )
            for organization, first in lines.items()
        ]
        return choose(Waiting(lines=queues, shares=shares or {}), limits=limits)

    return order


def simulate(jobs: Sequence[Job], *, window: int, order: Order) -> None:
    """Let each job start when it is its turn; `window` of them run at a time."""
    environment = simpy.Environment()
    waiting: list[Job] = []
    running: Counter[OrganizationId] = Counter()

    def dispatch() -> None:
        free = window - running.total()
        if not waiting or not free:
            return
        by_id = {job.id: job for job in waiting}
        for job_id in order(waiting, running, free):
            job = by_id[job_id]
            waiting.remove(job)
            running[job.organization] += 1
            job.starts = environment.now
            environment.process(work(job))

    def work(job: Job) -> Events:
        yield environment.timeout(job.service)
        running[job.organization] -= 1
        dispatch()

    def arrive() -> Events:
        for moment in sorted({job.arrives for job in jobs}):
            yield environment.timeout(moment - environment.now)
            waiting.extend(job for job in jobs if job.arrives == moment)
            dispatch()

    environment.process(arrive())
    environment.run()


def made(
    counts: Mapping[OrganizationId, tuple[int, float]], *, mean: float, seed: int
) -> list[Job]:
    """So many jobs of each organization at a moment, with services drawn around the mean."""
    chance = random.Random(seed)
    jobs = [
        (arrives, place, organization)
        for organization, (count, arrives) in counts.items()
        for place in range(count)
    ]
    return [
        Job(
            id=JobId(UUID(int=number)),
            organization=organization,
            arrives=arrives,
            # An Erlang distribution: few are very short or very long.
            service=chance.gammavariate(4, mean / 4),
        )
        for number, (arrives, _, organization) in enumerate(sorted(jobs), start=1)
    ]
