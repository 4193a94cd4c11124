"""The way of a pull request through the processes, from the webhook to the comment."""

from collections.abc import Mapping
from dataclasses import dataclass

from crivo_models.costs import Costs

# Processes that compute on as many cores as they get; all others have one thread that does.
PARALLEL = ("postgres", "rabbitmq", "mongodb", "redis", "analyzers", "code-host")
CODE_HOST = "code-host"
# Which share of a process's work is done in which stage: by how many of the messages, or of the
# requests to the code host, it handles there.
ORDER: Mapping[str, tuple[tuple[str, float], ...]] = {
    "accept": ((CODE_HOST, 1 / 7), ("gateway", 1.0)),
    "enqueue": (("platform-integration-relay", 1 / 2), ("workflow-queue-worker", 1 / 3)),
    "dispatch": (("workflow-queue-relay", 1 / 3),),
    "analyze": (
        ("workflow-queue-relay", 1 / 3),
        (CODE_HOST, 3 / 7),
        ("code-review-worker", 1.0),
        ("analyzers", 1.0),
        ("code-review-relay", 1.0),
        ("workflow-queue-worker", 1 / 3),
        ("gateway-worker", 4 / 6),
    ),
    "publish": (
        ("workflow-queue-relay", 1 / 3),
        ("platform-integration-worker", 2 / 3),
        (CODE_HOST, 2 / 7),
    ),
    "record": (
        ("platform-integration-worker", 1 / 3),
        (CODE_HOST, 1 / 7),
        ("platform-integration-relay", 1 / 2),
        ("workflow-queue-worker", 1 / 3),
        ("gateway-worker", 2 / 6),
    ),
}
# Every stage stores and sends something, so servers work alike in all of them.
EVERYWHERE = ("postgres", "rabbitmq", "mongodb", "redis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`seconds` of CPU at a process."""

    process: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A stage: what is computed, then what is only waited for (disks, sockets, polls)."""

    name: str
    visits: tuple[Visit, ...]
    wait: float
    spread: float


def legs(costs: Costs) -> tuple[Leg, ...]:
    made = []
    for name, order in ORDER.items():
        visits = [Visit(process=p, seconds=costs.cpu[p] * share) for p, share in order]
        visits += _of_the_api(name, costs)
        visits += [Visit(process=each, seconds=costs.cpu[each] / len(ORDER)) for each in EVERYWHERE]
        stage, busy = costs.stages[name], sum(visit.seconds for visit in visits)
        made.append(
            Leg(
                name=name,
                visits=tuple(visits),
                wait=max(0.0, stage.seconds - busy),
                # More than that is another program's doing, or a poll's.
                spread=min(1.0, stage.spread),
            )
        )
    return tuple(made)


def _of_the_api(stage: str, costs: Costs) -> list[Visit]:
    """platform-integration's API accepts webhooks, and later hands out the change set."""
    api = "platform-integration-api"
    accepting = min(costs.accept_cpu[api], costs.cpu[api])
    seconds = {"accept": accepting, "analyze": costs.cpu[api] - accepting}.get(stage)
    return [] if seconds is None else [Visit(process=api, seconds=seconds)]
