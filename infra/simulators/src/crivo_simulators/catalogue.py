"""Everything the host knows but the commits: pull requests, reviews, checks, hooks."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from crivo_simulators.git import Repository
from crivo_simulators.refusals import Refused, not_found

Json: TypeAlias = dict[str, Any]
FIRST_ID = 1_000


def now() -> str:
    """To the second, as GitHub writes times."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Catalogue:
    """Kept as one JSON file, written after each change, so that a restart forgets nothing."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "catalogue.json"
        self._repositories = folder / "repositories"
        folder.mkdir(parents=True, exist_ok=True)
        self.state: Json = {"next_id": FIRST_ID, "repositories": {}, "deliveries": []}
        if self._file.exists():
            self.state = json.loads(self._file.read_text())
        self._ids = itertools.count(int(self.state["next_id"]))

    def new_id(self) -> int:
        number = next(self._ids)
        self.state["next_id"] = number + 1
        return number

    def keep(self) -> None:
        making = self._file.with_suffix(".new")
        making.write_text(json.dumps(self.state))
        making.rename(self._file)

    def git(self, full_name: str) -> Repository:
        return Repository(self._repositories / f"{self.repository(full_name)['id']}.git")

    def repository(self, full_name: str) -> Json:
        """Raise Refused 404; names are compared without regard to case."""
        found: Json | None = self.state["repositories"].get(full_name.lower())
        if found is None:
            raise not_found()
        return found

    def has(self, full_name: str) -> bool:
        return full_name.lower() in self.state["repositories"]

    def add_repository(self, full_name: str, default_branch: str) -> Json:
        made = {
            "id": self.new_id(),
            "full_name": full_name,
            "default_branch": default_branch,
            "pulls": {},
            "hooks": [],
            "check_runs": [],
        }
        self.state["repositories"][full_name.lower()] = made
        return made

    def let_see(self, token: str, full_names: list[str]) -> None:
        self.state.setdefault("tokens", {})[token] = [each.lower() for each in full_names]
        self.keep()

    def require_sight(self, token: str, full_name: str) -> None:
        """Raise Refused 401 for an unknown token, 404 for a repository it may not see."""
        seen = self.state.get("tokens", {}).get(token)
        if seen is None:
            raise Refused(401, "Bad credentials")
        if full_name.lower() not in seen:
            raise not_found()

    def pull(self, full_name: str, number: int) -> Json:
        found: Json | None = self.repository(full_name)["pulls"].get(str(number))
        if found is None:
            raise not_found()
        return found

    def open_pulls(self, full_name: str, branch: str) -> list[Json]:
        """The open ones whose head is this branch."""
        pulls = self.repository(full_name)["pulls"].values()
        return [each for each in pulls if each["state"] == "open" and each["head"] == branch]

    @property
    def deliveries(self) -> list[Json]:
        found: list[Json] = self.state["deliveries"]
        return found
