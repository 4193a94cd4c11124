"""What became of every accepted delivery: the books that have to balance."""

from collections import Counter
from dataclasses import dataclass, field

from crivo_local.client import Json
from e2e_support.world import ENDED, World

AT_REST = frozenset(ENDED)
SHOWN = 20


@dataclass(slots=True, kw_only=True)
class Account:
    """`problems` are the sentences that make a run fail."""

    deliveries: int
    jobs: Counter[str] = field(default_factory=Counter)
    reviews: int = 0
    comments: int = 0
    replayed: int = 0
    problems: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        jobs = ", ".join(f"{count} {state}" for state, count in sorted(self.jobs.items()))
        return [
            f"{self.deliveries} deliveries accepted; jobs: {jobs}; {self.replayed} retried",
            f"{self.reviews} reviews with {self.comments} comments on the code host",
            *self.problems[:SHOWN],
            "the books balance" if not self.problems else f"{len(self.problems)} problems",
        ]


def unsettled(jobs: list[Json], heads: set[str]) -> int:
    """How many of the heads have no job at rest yet."""
    return len(heads - {each["head_sha"] for each in jobs if each["state"] in AT_REST})


def settle(world: World, opened: list[Json], jobs: list[Json]) -> Account:
    """Compare the deliveries with what Crivo says and with what is on the code host."""
    heads = {each["head"]["sha"] for each in opened}
    account = Account(deliveries=len(opened))
    by_head: dict[str, list[Json]] = {}
    for job in jobs:
        if job["head_sha"] in heads:
            by_head.setdefault(job["head_sha"], []).append(job)
            account.jobs[job["state"]] += 1
    for one in opened:
        _check(world, account, one, by_head.get(one["head"]["sha"], []))
    return account


def _check(world: World, account: Account, one: Json, jobs: list[Json]) -> None:
    name, head = one["html_url"], one["head"]["sha"]
    states = [each["state"] for each in jobs]
    reviews = [each for each in world.reviews(one) if each["commit_id"] == head]
    places = Counter(
        (each.path, each.start_line)
        for each in world.host.comments(one["base"]["repo"]["full_name"], one["number"])
    )
    account.reviews += len(reviews)
    account.comments += places.total()
    if len(states) != 1:
        account.problems.append(f"{name}: {len(states)} jobs instead of one")
    elif states == ["completed"] and len(reviews) != 1:
        account.problems.append(f"{name}: completed, but {len(reviews)} reviews")
    elif states[0] not in ("completed", "failed"):
        account.problems.append(f"{name}: its job is {states[0]}")
    if places and max(places.values()) > 1:
        account.problems.append(f"{name}: a comment is there twice")
    if reviews and not places:
        account.problems.append(f"{name}: a review without its comment")
