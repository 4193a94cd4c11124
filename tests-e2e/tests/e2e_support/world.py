"""What a journey needs: a platform of its own, and pull requests that people could have opened."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from crivo_local.client import Crivo, Json
from crivo_local.platform import Platform
from crivo_local.stack import Stack
from crivo_local.workspace import EMAIL, Workspace

CHECKOUT = Path(__file__).parents[3]
ROOT = Path(os.environ.get("CRIVO_LOCAL_ROOT", ".local"))
DEADLINE_SECONDS = 120
ENDED = ("completed", "failed", "cancelled", "superseded", "skipped")
# One planted defect, which Ruff reports as B006 on line 1.
DEFECT = "def add(item, basket=[]):\n    basket.append(item)\n    return basket\n"
T = TypeVar("T")


def platform_for_tests(root: Path, name: str = "e2e", **overrides: str) -> Platform:
    """Every process apart, as in production, with databases of its own on the local stack."""
    return Platform(
        Stack(root),
        root / name,
        checkout=CHECKOUT,
        layout="split",
        prefix=f"{name.replace('-', '_')}_",
        overrides=overrides,
    )


def eventually(see: Callable[[], T | None], what: str, seconds: float = DEADLINE_SECONDS) -> T:
    """Look until there is something to see; the one way a journey waits."""
    deadline = time.monotonic() + seconds
    while True:
        if seen := see():
            return seen
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        _pause()


class World:
    """A workspace, and the words journeys are told in."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.platform = workspace.platform
        self.crivo = workspace.crivo
        self.host = workspace.host
        # The platform and its code host may have seen these journeys before.
        self._team = f"team-{uuid4().hex[:8]}"

    def owner(self) -> Crivo:
        """Signed in as the organization's founder; the workspace's own key is a member's."""
        owner = Crivo(self.platform.url)
        owner.sign_in(email=EMAIL, password=self.workspace.memory["password"])
        return owner

    def repository(self, name: str, files: Mapping[str, str] | None = None) -> str:
        """A connected repository with something on main."""
        full_name = f"{self._team}/{name}"
        self.host.create_repository(full_name)
        self.host.push(full_name, "main", files=files or {"README.md": "# shop\n"})
        self.workspace.connect(full_name)
        return full_name

    def open(
        self,
        repository: str,
        files: Mapping[str, str | None],
        *,
        branch: str = "change",
        title: str | None = None,
        body: str | None = None,
    ) -> Json:
        self.host.push(repository, branch, files=files, start="main")
        return self.host.open_pull_request(
            repository, head=branch, base="main", title=title or branch, body=body
        )

    def review_of(self, job: Json) -> Json:
        review = self.crivo.review(job["id"])
        assert review is not None
        return review

    def deliveries_of(self, opened: Json) -> list[Json]:
        key = (opened["base"]["repo"]["full_name"], opened["number"])
        return [
            each for each in self.host.deliveries() if (each["repository"], each["number"]) == key
        ]

    def jobs_of(self, opened: Json) -> list[Json]:
        """Oldest first."""
        jobs = self.crivo.jobs(limit=200)
        return [each for each in reversed(jobs) if each["pull_request_url"] == opened["html_url"]]

    def ended_job(self, opened: Json, state: str = "completed") -> Json:
        def see() -> Json | None:
            jobs = [each for each in self.jobs_of(opened) if each["state"] == state]
            return jobs[-1] if jobs else None

        return eventually(see, f"a {state} job of {opened['html_url']}")

    def comments(self, opened: Json) -> list[tuple[str, int]]:
        """Path and first line of each."""
        found = self.host.comments(opened["base"]["repo"]["full_name"], opened["number"])
        return sorted((each.path, each.start_line) for each in found)

    def reviews(self, opened: Json) -> list[Json]:
        return self.host.reviews(opened["base"]["repo"]["full_name"], opened["number"])

    def check(self, repository: str, sha: str) -> Json:
        """The check of a head, once it has a conclusion."""

        def see() -> Json | None:
            runs = self.host.checks(repository, sha)
            return next((each for each in runs if each["status"] == "completed"), None)

        return eventually(see, f"a completed check of {sha}", 30)

    def log_lines(self, service: str) -> Iterator[dict[str, Any]]:
        """Of every process of a service, since the platform was first started."""
        for file in sorted((self.platform.root / "logs").glob(f"{service}*.log")):
            # What follows the last newline is still being written.
            whole, _, _ = file.read_text(errors="replace").rpartition("\n")
            for line in whole.splitlines():
                if line.startswith("{"):
                    yield json.loads(line)

    @contextmanager
    def faults(self, path: str, **how: Any) -> Iterator[None]:
        """The code host misbehaves for the block."""
        self.host.fail(path, **how)
        try:
            yield
        finally:
            self.host.work_again()


def _pause() -> None:
    time.sleep(0.05)
