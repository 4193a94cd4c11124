"""The local code host as the demo uses it: GitHub's own API, and its control door."""

import base64
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

from crivo_local.report import PlacedComment

Json: TypeAlias = dict[str, Any]


class CodeHost:
    """Reads what is really on the pull request, over the API a stranger would use."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=url,
            timeout=30,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        )

    def comments(self, repository: str, number: int) -> list[PlacedComment]:
        head = self._get(f"/repos/{repository}/pulls/{number}")["head"]["sha"]
        found = self._get(f"/repos/{repository}/pulls/{number}/comments?per_page=100")
        files = {each["path"] for each in found}
        contents = {path: self._file(repository, path, head) for path in files}
        return [
            PlacedComment(
                path=each["path"],
                start_line=each.get("start_line") or each["line"],
                line=each["line"],
                body=each["body"],
                file=contents[each["path"]],
            )
            for each in found
        ]

    def reviews(self, repository: str, number: int) -> list[Json]:
        found: list[Json] = self._get(f"/repos/{repository}/pulls/{number}/reviews?per_page=100")
        return found

    def checks(self, repository: str, sha: str) -> list[Json]:
        runs: list[Json] = self._get(f"/repos/{repository}/commits/{sha}/check-runs")["check_runs"]
        return runs

    def _file(self, repository: str, path: str, sha: str) -> str:
        found = self._get(f"/repos/{repository}/contents/{quote(path)}?ref={sha}")
        return base64.b64decode(found["content"]).decode(errors="replace")

    def _get(self, path: str) -> Any:
        response = self._http.get(path)
        response.raise_for_status()
        return response.json()

    def pull_request(self, repository: str, number: int) -> Json:
        found: Json = self._get(f"/repos/{repository}/pulls/{number}")
        return found

    def open_pull_requests(self, repository: str) -> list[Json]:
        found: list[Json] = self._get(f"/repos/{repository}/pulls?state=open&per_page=100")
        return found

    def times_of(self, opened: Json) -> tuple[datetime, datetime]:
        """When the host sent the webhook of a pull request, and when it last got a review of it."""
        key = (opened["base"]["repo"]["full_name"], opened["number"])
        sent = min(
            datetime.fromisoformat(each["sent_at"])
            for each in self.deliveries()
            if (each["repository"], each["number"]) == key
        )
        path = f"/repos/{key[0]}/pulls/{key[1]}/reviews"
        posted = max(
            datetime.fromisoformat(each["at"])
            for each in self.calls()
            if (each["method"], each["path"]) == ("POST", path)
        )
        return sent, posted

    def hooks(self, repository: str) -> list[Json]:
        found: list[Json] = self._get(f"/repos/{repository}/hooks")
        return found

    # What people do on a code host's pages; see crivo_simulators.

    def create_repository(self, full_name: str, **source: Any) -> Json:
        return self._do("repositories", {"full_name": full_name, **source})

    def push(self, repository: str, branch: str, **what: Any) -> Json:
        return self._do("push", {"repository": repository, "branch": branch, **what})

    def open_pull_request(
        self,
        repository: str,
        *,
        head: str,
        base: str,
        title: str,
        body: str | None = None,
        draft: bool = False,
    ) -> Json:
        request = {"head": head, "base": base, "title": title, "body": body, "draft": draft}
        return self._do("pull-requests", {"repository": repository, **request})

    def mark_ready(self, repository: str, number: int) -> Json:
        return self._do(
            "pull-requests/ready_for_review", {"repository": repository, "number": number}
        )

    def close_pull_request(self, repository: str, number: int) -> Json:
        return self._do("pull-requests/closed", {"repository": repository, "number": number})

    def add_hook(self, repository: str, *, url: str, secret: str) -> Json:
        hook = {"url": url, "secret": secret, "events": ["pull_request", "issue_comment"]}
        return self._do("hooks", {"repository": repository, **hook})

    def comment(self, repository: str, number: int, body: str, **who: str) -> Json:
        """`who` is an `author` and their `association` with the repository."""
        what = {"repository": repository, "number": number, "body": body}
        return self._do("comments", {**what, **who})

    def deliveries(self) -> list[Json]:
        """Every webhook that was sent, oldest first, with what was answered."""
        found: list[Json] = self._get("/_control/deliveries")
        return found

    def redeliver(self, delivery_id: str) -> Json:
        return self._do("redeliver", {"delivery_id": delivery_id})

    def fail(self, path: str, **how: Any) -> Json:
        return self._do("faults", {"path": path, **how})

    def work_again(self) -> Json:
        return self._do("clear-faults", {})

    def calls(self) -> list[Json]:
        found: list[Json] = self._get("/_control/calls")
        return found

    def close(self) -> None:
        self._http.close()

    def _do(self, action: str, body: Json) -> Json:
        response = self._http.post(f"/_control/{action}", json=body)
        response.raise_for_status()
        answer: Json = response.json() if response.content else {}
        return answer
