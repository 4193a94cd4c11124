"""A code host with one pull request, asked over HTTP as a program would ask it."""

from typing import Any, TypeAlias

from crivo_simulators.github import GitHubSimulator
from httpx import AsyncClient, Response

Json: TypeAlias = dict[str, Any]
SHOP = "team/shop"
BASE = "".join(f"line {number}\n" for number in range(1, 41))
# Line 5 is another one, line 30 is gone: the hunks show 2-8 and 27-32 of the new file.
HEAD = BASE.replace("line 5\n", "five\n").replace("line 30\n", "")


class Site:
    def __init__(self, simulator: GitHubSimulator, http: AsyncClient) -> None:
        self.simulator = simulator
        self.host = simulator.host
        self.http = http

    async def pull_request(
        self,
        head: dict[str, str | None] | None = None,
        base: dict[str, str | None] | None = None,
    ) -> Json:
        await self.host.create_repository(SHOP)
        await self.host.push(SHOP, "main", files=base or {"numbers.txt": BASE})
        await self.host.push(SHOP, "topic", files=head or {"numbers.txt": HEAD}, start="main")
        return await self.host.open_pull_request(SHOP, head="topic", base="main", title="Numbers")

    async def get(self, path: str, *, accept: str = "", **query: Any) -> Response:
        headers = {"Accept": accept} if accept else {}
        return await self.http.get(f"/repos/{SHOP}{path}", params=query, headers=headers)

    async def review(self, *comments: Json, **changes: Any) -> Response:
        body = {"event": "COMMENT", "body": "Seen.", "comments": list(comments), **changes}
        return await self.http.post(f"/repos/{SHOP}/pulls/1/reviews", json=body)

    async def check(self, sha: str, **changes: Any) -> Response:
        body = {"name": "Crivo", "head_sha": sha, **changes}
        return await self.http.post(f"/repos/{SHOP}/check-runs", json=body)

    async def listed(self, path: str) -> list[Json]:
        found: list[Json] = (await self.get(path)).json()
        return found


def comment(line: Any = 5, **changes: Any) -> Json:
    """On the changed line of the sample, unless told otherwise."""
    return {"path": "numbers.txt", "body": "Why?", "line": line, **changes}


def errors(answer: Response) -> list[Any]:
    """Of a refusal, and nothing but a refusal."""
    assert answer.status_code == 422, answer.text
    found: list[Any] = answer.json().get("errors") or [answer.json()["message"]]
    return found
