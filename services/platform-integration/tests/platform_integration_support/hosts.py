"""One pull request on two code hosts: the fake, and the simulator behind GitHub's adapter."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from crivo_simulators.faults import Fault
from crivo_simulators.github import GitHubSimulator, run_github
from platform_integration.application.connect_integration import ConnectIntegration
from platform_integration.application.connect_repository import ConnectRepository
from platform_integration.application.ports import CodeHost, HostAway
from platform_integration.bootstrap import Service
from platform_integration.domain.change_set import ChangedFile, ChangeSetId
from platform_integration.domain.integration import Integration, Repository, Secrets
from platform_integration.infrastructure.addresses import OutboundPolicy
from platform_integration.infrastructure.github import GitHub
from platform_integration_support.builders import (
    HOST_REPOSITORY,
    NOON,
    ORGANIZATION,
    SECRET,
    a_change_set,
    an_integration,
)
from platform_integration_support.comments import a_shown_pull_request
from platform_integration_support.fakes import MemoryHost
from uuid_utils.compat import uuid7

ORDERS = "acme/orders"
NUMBERS = "".join(f"line {number}\n" for number in range(1, 41))
# Line 5 is another one, line 30 is gone: the hunks show 2-8 and 27-32 of the new file.
CHANGED = NUMBERS.replace("line 5\n", "five\n").replace("line 30\n", "")
BEFORE = {"gone.txt": "x\n", "numbers.txt": NUMBERS, "old.txt": NUMBERS * 2}
AFTER = {
    "blob.bin": "\0\n",
    "café.py": "one\n",
    "gone.txt": None,
    "moved.txt": NUMBERS * 2,
    "numbers.txt": CHANGED,
    "old.txt": None,
}
LINES = {
    "blob.bin": [],
    "café.py": [frozenset({1})],
    "moved.txt": [],
    "numbers.txt": [frozenset(range(2, 9)), frozenset(range(27, 33))],
}
FILES = (
    ChangedFile(
        path="blob.bin", previous_path=None, status="added", content=None, omitted_reason="binary"
    ),
    ChangedFile(path="café.py", previous_path=None, status="added", content="one\n"),
    ChangedFile(path="gone.txt", previous_path=None, status="removed", content=None),
    ChangedFile(path="moved.txt", previous_path="old.txt", status="renamed", content=NUMBERS * 2),
    ChangedFile(path="numbers.txt", previous_path=None, status="modified", content=CHANGED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """`reviews` counts those that are there; the others make the next call fail."""

    host: CodeHost
    change_set_id: ChangeSetId
    reviews: Callable[[], Awaitable[int]]
    go_away: Callable[[], None]
    lose_the_next_post: Callable[[], None]

    @property
    def number(self) -> int:
        return self.change_set_id.number

    @property
    def head_sha(self) -> str:
        return self.change_set_id.head_sha


@asynccontextmanager
async def in_memory(_: Path) -> AsyncIterator[Hosted]:
    proposed = a_change_set(*FILES, diff="diff --git a/café.py b/café.py\n")
    host = MemoryHost(HOST_REPOSITORY, proposed, LINES)
    host.pull_requests[proposed.id.number] = a_shown_pull_request(
        title="Numbers",
        description="Five.",
        base_sha=proposed.id.base_sha,
        head_sha=proposed.id.head_sha,
    )

    async def reviews() -> int:
        return len(host.reviews)

    yield Hosted(
        host=host,
        change_set_id=proposed.id,
        reviews=reviews,
        go_away=lambda: host.failures.append(HostAway("away")),
        lose_the_next_post=lambda: host.losses.append(HostAway("lost")),
    )


@asynccontextmanager
async def on_github(folder: Path) -> AsyncIterator[Hosted]:
    async with (
        run_github(folder) as simulator,
        httpx.AsyncClient(timeout=30) as http,
    ):
        change_set_id = await propose(simulator)
        pull = simulator.host.catalogue.pull(ORDERS, change_set_id.number)

        async def reviews() -> int:
            return len(pull["reviews"])

        yield Hosted(
            host=github(simulator, http),
            change_set_id=change_set_id,
            reviews=reviews,
            go_away=lambda: simulator.fail(Fault(path=".", drop=True)),
            lose_the_next_post=lambda: simulator.fail(
                Fault(path="/reviews$", method="POST", drop=True, after=True)
            ),
        )


async def propose(
    simulator: GitHubSimulator,
    after: dict[str, str | None] | None = None,
    before: dict[str, str | None] | None = None,
) -> ChangeSetId:
    """Open a pull request there, of the sample unless told otherwise."""
    host = simulator.host
    await host.create_repository(ORDERS)
    await host.push(ORDERS, "main", files={**(before or BEFORE)})
    await host.push(ORDERS, "topic", files={**(after or AFTER)}, start="main")
    opened = await host.open_pull_request(
        ORDERS, head="topic", base="main", title="Numbers", body="Five."
    )
    return ChangeSetId(
        repository_id=uuid7(),
        number=opened["number"],
        base_sha=opened["base"]["sha"],
        head_sha=opened["head"]["sha"],
    )


def integration_with(simulator: GitHubSimulator) -> Integration:
    secrets = Secrets(token=simulator.token, webhook_secret=SECRET)
    return an_integration(api_url=simulator.url, secrets=secrets)


def github(simulator: GitHubSimulator, http: httpx.AsyncClient) -> GitHub:
    policy = OutboundPolicy(allow_private=True)
    return GitHub(http, policy, lambda: NOON, integration_with(simulator))


async def connect(service: Service, simulator: GitHubSimulator) -> Repository:
    """The sample's repository, connected to the organization of these tests."""
    made = await service.app.connect_integration(
        ConnectIntegration(
            organization_id=ORGANIZATION,
            platform="github",
            name="simulator",
            api_url=simulator.url,
            secrets=Secrets(token=simulator.token, webhook_secret=SECRET),
        )
    )
    return await service.app.connect_repository(
        ConnectRepository(organization_id=ORGANIZATION, integration_id=made.id, full_name=ORDERS)
    )
