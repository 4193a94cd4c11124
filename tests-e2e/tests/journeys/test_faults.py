"""Twenty reviews under way, and everything dies in turn: each is on the code host exactly once."""

from collections.abc import Callable
from typing import Any

import pytest
from e2e_support.world import DEFECT, World

PULL_REQUESTS = 20


def open_many(world: World, name: str) -> list[dict[str, Any]]:
    """Pull requests whose webhooks were all accepted."""
    repository = world.repository(name)
    opened = [
        world.open(repository, {f"basket_{number}.py": DEFECT}, branch=f"change-{number}")
        for number in range(PULL_REQUESTS)
    ]
    statuses = [each["status"] for one in opened for each in world.deliveries_of(one)]
    assert statuses == [202] * PULL_REQUESTS
    return opened


def each_is_reviewed_exactly_once(world: World, opened: list[dict[str, Any]]) -> None:
    for number, one in enumerate(opened):
        world.ended_job(one)
        assert [each["state"] for each in world.jobs_of(one)] == ["completed"]
        assert len(world.reviews(one)) == 1
        assert world.comments(one) == [(f"basket_{number}.py", 1)]


def kill_every_process(world: World) -> None:
    for name, part in world.platform.parts.items():
        part.kill()
        part.start()
        world.platform.wait_ready(name)


def kill_broker(world: World) -> None:
    world.platform.stack.parts["rabbitmq"].kill()
    world.platform.stack.restart("rabbitmq")


def kill_database(world: World) -> None:
    world.platform.stack.parts["postgres"].kill()
    world.platform.stack.restart("postgres")


@pytest.mark.parametrize("disaster", [kill_every_process, kill_broker, kill_database])
def test_twenty_accepted_webhooks_are_twenty_reviews_after(
    world: World, disaster: Callable[[World], None]
) -> None:
    opened = open_many(world, disaster.__name__.replace("_", "-"))
    disaster(world)
    each_is_reviewed_exactly_once(world, opened)
