"""The platform as a network of queues (SimPy): processes that share cores, and what they wait for.

A process with one thread works for one job at a time and takes turns between jobs; so do the
cores between processes. That is what the quantum is for: without turns, a long analysis would
hold up everything that is quick.
"""

import random
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TypeAlias

import simpy

from crivo_models.journey import PARALLEL, Leg

Events: TypeAlias = Generator[simpy.Event, None, None]
QUANTUM_SECONDS = 0.005
# Where a job holds one of the few places that the settings allow.
ANALYZE, PUBLISH = "analyze", "publish"
WINDOW = ("dispatch", "analyze", "publish", "record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """`cores` are shared by all; without, every process has its own.

    `speed` is the share of the cores that other programs leave. `processes` has a count where it
    is not one; `window` and `analyses` are the settings of those names, of all processes together.
    """

    cores: int | None = None
    speed: float = 1.0
    processes: Mapping[str, int] = field(default_factory=dict)
    window: int = 32
    analyses: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """When each job was sent, published and over, and how long each process computed."""

    sent: list[float]
    published: list[float]
    over: list[float]
    busy: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """From the first webhook to the last comment."""
        return max(self.published) - min(self.sent)

    @property
    def waited(self) -> list[float]:
        return [end - begin for begin, end in zip(self.sent, self.published, strict=True)]


class Pipeline:
    """Simulates jobs; one of these is one run."""

    def __init__(
        self,
        legs: Iterable[Leg],
        deployment: Deployment,
        *,
        seed: int,
        idle: Mapping[str, float] | None = None,
    ) -> None:
        self.environment = simpy.Environment()
        self._legs = tuple(legs)
        self._deployment = deployment
        self._random = random.Random(seed)
        self._cores = self._resource(deployment.cores)
        names = {visit.process for leg in self._legs for visit in leg.visits}
        self._processes = {
            name: self._resource(None if name in PARALLEL else deployment.processes.get(name, 1))
            for name in names
        }
        self._window = simpy.Resource(self.environment, deployment.window)
        self._analyses = simpy.Resource(self.environment, deployment.analyses)
        self._busy: defaultdict[str, float] = defaultdict(float)
        self._idle = dict(idle or {})
        self._sent: list[float] = []
        self._published: dict[int, float] = {}
        self._over: dict[int, float] = {}

    def steadily(self, *, jobs: int, per_second: float) -> Outcome:
        """Webhooks come one by one, each at any moment (a Poisson process)."""

        def arrivals() -> Events:
            for _ in range(jobs):
                yield self.environment.timeout(self._random.expovariate(per_second))
                self.environment.process(self._job())

        return self._run(arrivals(), jobs)

    def at_once(self, *, jobs: int, people: int) -> Outcome:
        """So many people, each sending the next webhook when the last one was accepted."""
        left = iter(range(jobs))

        def person() -> Events:
            for _ in left:
                yield from self._job()

        def arrivals() -> Events:
            yield self.environment.all_of(
                [self.environment.process(person()) for _ in range(people)]
            )

        return self._run(arrivals(), jobs)

    def _run(self, arrivals: Events, jobs: int) -> Outcome:
        for name, cores in self._idle.items():
            if cores > 0 and self._deployment.cores is not None:
                self.environment.process(self._background(name, cores))
        self.environment.process(arrivals)
        while len(self._over) < jobs:
            self.environment.step()
        numbers = range(jobs)
        return Outcome(
            sent=self._sent,
            published=[self._published[number] for number in numbers],
            over=[self._over[number] for number in numbers],
            busy=dict(self._busy),
        )

    def _job(self) -> Events:
        """Until it is accepted; what follows goes on by itself."""
        number = len(self._sent)
        self._sent.append(self.environment.now)
        yield from self._leg(self._legs[0])
        self.environment.process(self._rest(number))

    def _rest(self, number: int) -> Events:
        with ExitStack() as held:
            in_window = False
            for leg in self._legs[1:]:
                if leg.name in WINDOW and not in_window:
                    in_window = True
                    yield held.enter_context(self._window.request())
                if leg.name == ANALYZE:
                    with self._analyses.request() as place:
                        yield place
                        yield from self._leg(leg)
                else:
                    yield from self._leg(leg)
                if leg.name == PUBLISH:
                    self._published[number] = self.environment.now
        self._over[number] = self.environment.now

    def _leg(self, leg: Leg) -> Events:
        for visit in leg.visits:
            yield from self._compute(visit.process, self._drawn(visit.seconds, leg.spread))
        if leg.wait:
            yield self.environment.timeout(self._drawn(leg.wait, leg.spread))

    def _compute(self, process: str, seconds: float) -> Events:
        # Turns matter only where cores are few.
        quantum = seconds if self._cores is None else QUANTUM_SECONDS
        while seconds > 0:
            turn = min(quantum, seconds)
            with ExitStack() as held:
                for resource in (self._processes.get(process), self._cores):
                    if resource is not None:
                        yield held.enter_context(resource.request())
                yield self.environment.timeout(turn / self._deployment.speed)
            self._busy[process] += turn
            seconds -= turn

    def _background(self, process: str, cores: float) -> Events:
        """What the process does anyway, whether or not it has got to what it did before."""
        while True:
            yield self.environment.timeout(QUANTUM_SECONDS / cores)
            self.environment.process(self._compute(process, QUANTUM_SECONDS))

    def _drawn(self, mean: float, spread: float) -> float:
        """Gamma-distributed; with a spread of 1 that is exponential, with 0 always the mean."""
        if not spread or not mean:
            return mean
        shape = 1 / spread**2
        return self._random.gammavariate(shape, mean / shape)

    def _resource(self, capacity: int | None) -> simpy.Resource | None:
        return None if capacity is None else simpy.Resource(self.environment, capacity)
