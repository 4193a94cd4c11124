"""Small pull requests through the running platform, and when each of them was where."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from crivo_local.client import Json
from crivo_local.workspace import Workspace

DEFECT = "def add(item, basket=[]):\n    basket.append(item)\n    return basket\n"
REPOSITORY = "capacity/shop"
PATIENCE_SECONDS = 600
# People who open pull requests side by side.
PEOPLE = 4


class Unreviewed(Exception):
    """A pull request has no published review after a long time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Of one pull request; the first and the last moment are the code host's own."""

    sent: datetime
    accepted_after: float
    created: datetime
    started: datetime
    analyzed: datetime
    posted: datetime
    finished: datetime

    @property
    def stages(self) -> dict[str, float]:
        """Seconds each took, one after the other."""
        accepted = self.accepted_after
        return {
            "accept": accepted,
            "enqueue": max(0.0, (self.created - self.sent).total_seconds() - accepted),
            "dispatch": (self.started - self.created).total_seconds(),
            "analyze": (self.analyzed - self.started).total_seconds(),
            "publish": (self.posted - self.analyzed).total_seconds(),
            "record": (self.finished - self.posted).total_seconds(),
        }

    @property
    def published_after(self) -> float:
        return (self.posted - self.sent).total_seconds()


class PullRequests:
    """Drafts are prepared beforehand: marking one ready costs a webhook and nothing else."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        workspace.host.create_repository(REPOSITORY)
        workspace.host.push(REPOSITORY, "main", files={"README.md": "# shop\n"})
        workspace.connect(REPOSITORY)

    def prepare(self, count: int) -> list[Json]:
        host = self._workspace.host
        drafts = []
        for number in range(count):
            branch = f"change-{time.time_ns()}"
            files = {f"basket_{number}.py": DEFECT}
            host.push(REPOSITORY, branch, files=files, start="main")
            drafts.append(
                host.open_pull_request(
                    REPOSITORY, head=branch, base="main", title=branch, draft=True
                )
            )
        self._await(drafts, "skipped")
        return drafts

    def review(self, drafts: Iterable[Json]) -> None:
        """All at once, as after a night of automated updates."""
        waiting = list(drafts)
        with ThreadPoolExecutor(PEOPLE) as people:
            list(people.map(self._mark_ready, waiting))
        self._await(waiting, "completed")

    def review_one_by_one(self, drafts: Iterable[Json]) -> None:
        for draft in drafts:
            self._mark_ready(draft)
            self._await([draft], "completed")

    def journeys(self, drafts: Iterable[Json]) -> list[Journey]:
        """Of those that were reviewed, in the order their webhooks were sent."""
        host = self._workspace.host
        jobs = {
            each["pull_request_number"]: each
            for each in self._workspace.crivo.jobs(limit=200, state="completed")
        }
        deliveries = {
            each["number"]: each
            for each in host.deliveries()
            if each["action"] == "ready_for_review"
        }
        posted = {
            int(each["path"].split("/")[-2]): datetime.fromisoformat(each["at"])
            for each in host.calls()
            if each["method"] == "POST" and each["path"].endswith("/reviews")
        }
        made = [
            _journey(jobs[number], deliveries[number], posted[number])
            for number in (draft["number"] for draft in drafts)
        ]
        return sorted(made, key=lambda journey: journey.sent)

    def calls(self) -> int:
        """How often the platform has called the code host."""
        return sum("/hooks" not in each["path"] for each in self._workspace.host.calls())

    def _mark_ready(self, draft: Json) -> None:
        self._workspace.host.mark_ready(REPOSITORY, draft["number"])

    def _await(self, drafts: list[Json], state: str) -> None:
        wanted = {draft["number"] for draft in drafts}
        deadline = time.monotonic() + PATIENCE_SECONDS
        # Looking costs CPU that would be taken for the platform's.
        pause = 0.1 if len(wanted) == 1 else 2.0
        while True:
            jobs = self._workspace.crivo.jobs(limit=min(200, 2 * len(wanted)), state=state)
            left = wanted - {each["pull_request_number"] for each in jobs}
            if not left:
                return
            if time.monotonic() > deadline:
                raise Unreviewed(f"not {state}: {sorted(left)}")
            time.sleep(pause)


def _journey(job: Json, delivery: Json, posted: datetime) -> Journey:
    at = datetime.fromisoformat
    return Journey(
        sent=at(delivery["sent_at"]),
        accepted_after=delivery["seconds"],
        created=at(job["created_at"]),
        started=at(job["started_at"]),
        analyzed=at(job["analyzed_at"]),
        posted=posted,
        finished=at(job["finished_at"]),
    )
