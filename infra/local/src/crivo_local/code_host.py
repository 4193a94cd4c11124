"""The local code host as the demo uses it: GitHub's own API, and its control door."""

import base64
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

    def control(self, action: str, body: Json) -> Json:
        """Do what a person does on a code host's pages; see crivo_simulators."""
        response = self._http.post(f"/_control/{action}", json=body)
        response.raise_for_status()
        answer: Json = response.json()
        return answer
