"""From costs to machines: how many processes, and what there can be only one of, per load."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from workflow_queue.domain.fair_share import Limits

from crivo_models.costs import Costs
from crivo_models.pipeline import ANALYZE, WINDOW

LOADS = (1_000, 100_000, 10_000_000)
DAY_SECONDS = 86_400
# The busiest hour of a working day against the mean of the day: an assumption, to be replaced
# with what an installation sees.
PEAK_FACTOR = 3.0
# Above it, waiting grows faster than work.
UTILISATION = 0.6
# Of these there may be any number; code-review's workers are counted apart.
SCALED = (
    "gateway",
    "gateway-worker",
    "platform-integration-api",
    "platform-integration-worker",
    "workflow-queue-worker",
)
REVIEWER = "code-review-worker"
# One at work and one that waits to take over; more of them mean more partitions.
LEADERS = ("platform-integration-relay", "workflow-queue-relay", "code-review-relay")
SERVERS = ("postgres", "mongodb", "rabbitmq")
# From here on somebody is called at night when one of a kind fails.
REDUNDANT_FROM = 100_000
# What one primary is given before its organizations are divided among several.
PRIMARY_CORES = 32
# A quorum queue is one Erlang process at its leader: one core.
QUEUE_CORES = 1
# Every message is stored by three nodes of the broker, so one may fail.
BROKER_NODES = 3
# code-review's setting: reviews that one worker does at a time.
PREFETCH = 4
# GitHub: requests per hour of one token.
GITHUB_PER_HOUR = 5_000
RETENTION_DAYS = 90

Counts: TypeAlias = Mapping[str, int]


def peak_rate(per_day: float) -> float:
    """Pull requests per second in the busiest hour."""
    return per_day / DAY_SECONDS * PEAK_FACTOR


def per_day(per_second: float) -> float:
    """How many a day make this rate the busiest hour's."""
    return per_second * DAY_SECONDS / PEAK_FACTOR


def cores_needed(seconds_each: float, day: float) -> float:
    return peak_rate(day) * seconds_each / UTILISATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """What there is only one of, how many pull requests a day it stands, and what is done then."""

    what: str
    per_day: float
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """For a load; `processes` and `partitions` by name, servers in cores, of each broker node too.

    `window` is of all dispatchers together: jobs in workers' hands at a time.
    """

    day: int
    processes: Counts
    partitions: Counts
    window: int
    analyzer_cores: int
    server_cores: Counts
    broker_nodes: int


def plan(costs: Costs, day: int) -> Plan:
    redundant = day >= REDUNDANT_FROM
    least = 2 if redundant else 1

    def count(seconds_each: float) -> int:
        return max(least, math.ceil(cores_needed(seconds_each, day)))

    def at_a_time(stages: Iterable[str]) -> float:
        """Little's law: what arrives while one takes its time."""
        return cores_needed(sum(costs.stages[name].seconds for name in stages), day)

    # A worker has few places, and its reviews wait more than they compute.
    reviewers = max(count(costs.cpu[REVIEWER]), math.ceil(at_a_time([ANALYZE]) / PREFETCH))
    return Plan(
        day=day,
        processes={**{name: count(costs.cpu[name]) for name in SCALED}, REVIEWER: reviewers},
        partitions={
            name: max(1, math.ceil(cores_needed(costs.cpu[name], day))) for name in LEADERS
        },
        window=max(Limits().window, math.ceil(at_a_time(WINDOW))),
        analyzer_cores=count(costs.cpu["analyzers"]),
        server_cores={name: count(costs.cpu[name]) for name in SERVERS},
        broker_nodes=BROKER_NODES if redundant else 1,
    )


def ceilings(costs: Costs) -> list[Ceiling]:
    """The lowest first."""
    busiest = max(costs.messages, key=lambda queue: costs.messages[queue])
    all_messages = sum(costs.messages.values())
    of_busiest = costs.cpu["rabbitmq"] * costs.messages[busiest] / all_messages
    found = [
        Ceiling(
            what=f"{name}, one at work",
            per_day=per_day(UTILISATION / costs.cpu[name]),
            then=then,
        )
        for name, then in _THEN.items()
    ]
    found += [
        Ceiling(
            what=f"one PostgreSQL primary with {PRIMARY_CORES} cores",
            per_day=per_day(UTILISATION * PRIMARY_CORES / costs.cpu["postgres"]),
            then="a primary per service first; then shards by organization; lists, history and"
            " metrics from replicas (`READ_DATABASE_URL`) all along",
        ),
        Ceiling(
            what=f"one quorum queue (`{busiest}`, the busiest)",
            per_day=per_day(UTILISATION * QUEUE_CORES / of_busiest),
            then="the same queue once per shard of organizations; its leaders spread over nodes",
        ),
        Ceiling(
            what="one GitHub token (5,000 requests an hour)",
            per_day=per_day(GITHUB_PER_HOUR / 3_600 / costs.api_calls),
            then="it is a limit per integration, not of the platform: jobs wait as `rate_limited`,"
            " the others go on",
        ),
    ]
    return sorted(found, key=lambda ceiling: ceiling.per_day)


_THEN: Mapping[str, str] = {
    "workflow-queue-relay": "partitions by organization: each its own dispatcher, timer and relay"
    " lock, and its share of the event store",
    "platform-integration-relay": "partitions of the outbox by aggregate, a lock for each",
    "code-review-relay": "partitions of the collection by review, a lock for each",
}
