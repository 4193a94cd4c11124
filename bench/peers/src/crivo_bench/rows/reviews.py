"""Small pull requests on the local code host, and how far their reviews are."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from crivo_local.workspace import Workspace

from crivo_bench.site import connect, database_url

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 120
BASE = """\
def total(prices: list[int]) -> int:
    return sum(prices)
"""
# One defect to comment on, and something that is right.
HEAD = """\
def add(item, basket=[]):
    basket.append(item)
    return basket


def total(prices: list[int], discount: int = 0) -> int:
    return sum(prices) - discount
"""


class NotReviewed(Exception):
    """A pull request was opened, and its review did not come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallPullRequests:
    workspace: Workspace
    repository: str
    repository_id: int

    def prepare(self, count: int) -> list[str]:
        """Push the branches of pull requests that are opened later."""
        branches = [f"change-{number}" for number in range(count)]
        for branch in branches:
            # Of the same second and the same files, two commits would be one.
            files = {"shop/basket.py": f"{HEAD}\n\nORIGIN = {branch!r}\n"}
            self.workspace.host.push(self.repository, branch, files=files, start="main")
        return branches

    def open(self, branch: str) -> None:
        """Its webhook was answered when this returns."""
        self.workspace.host.open_pull_request(
            self.repository, head=branch, base="main", title=branch
        )

    def open_all(self, branches: Sequence[str]) -> None:
        for branch in branches:
            self.open(branch)

    def reviewed(self) -> int:
        """Published, with its check set: nothing is left to do. Asked of nobody who is measured."""
        platform = self.workspace.platform
        counts = (
            ("workflow-queue", "SELECT count(*) FROM job_status_view WHERE state = 'completed'"),
            (
                "platform-integration",
                "SELECT count(*) FROM check_runs WHERE reported AND conclusion IS NOT NULL",
            ),
        )
        found = []
        for service, query in counts:
            with connect(database_url(platform, service)) as connection:
                found.append(connection.execute(query.encode()).fetchall()[0][0])
        return min(found)

    def await_reviewed(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (done := self.reviewed()) < count:
            if time.monotonic() > deadline:
                raise NotReviewed(f"{done} of {count}")
            time.sleep(POLL_SECONDS)


def small_pull_requests(workspace: Workspace, repository: str) -> SmallPullRequests:
    """Of a repository with something on main, connected to the platform."""
    made = workspace.host.create_repository(repository)
    workspace.host.push(repository, "main", files={"shop/basket.py": BASE})
    workspace.connect(repository)
    return SmallPullRequests(
        workspace=workspace, repository=repository, repository_id=int(made["id"])
    )
