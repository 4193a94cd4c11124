"""GitHub's REST API, version 2022-11-28, and hosts that speak it (GitHub Enterprise Server).

https://docs.github.com/en/rest
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from crivo_observability.traces import span, traceparent
from opentelemetry.trace import SpanKind

from platform_integration.application.ports import (
    HostAway,
    HostNotFound,
    HostPullRequest,
    HostRateLimited,
    HostRefused,
    HostRepository,
    Now,
    PostedReview,
)
from platform_integration.domain.change_set import ChangedFile, ChangeSet, ChangeSetId
from platform_integration.domain.check_run import CheckRun
from platform_integration.domain.integration import Integration
from platform_integration.domain.review import CommentableLines, Review
from platform_integration.infrastructure.addresses import OutboundPolicy
from platform_integration.infrastructure.diff_lines import commentable_lines
from platform_integration.infrastructure.github_files import changed_files, diff_of_files
from platform_integration.infrastructure.github_markdown import (
    comment_body,
    review_body,
    review_marker,
)
from platform_integration.infrastructure.github_payload import read_pull_request
from platform_integration.infrastructure.inert_markdown import harmless, plain_line

CHECK_NAME = "Crivo"
VERSION = "2022-11-28"
CONTENT_CONCURRENCY = 8
MAXIMUM_FILES = 300
MAXIMUM_FILE_BYTES = 1_000_000
DEFAULT_PAUSE = timedelta(seconds=60)  # GitHub's advice where it gives no time
TIMEOUT = httpx.Timeout(15, connect=5)


class GitHub:
    """Implements CodeHost."""

    def __init__(
        self, http: httpx.AsyncClient, policy: OutboundPolicy, now: Now, integration: Integration
    ) -> None:
        self._http = http
        self._policy = policy
        self._now = now
        self._base = integration.api_url
        self._token = integration.secrets.token

    async def repository(self, full_name: str) -> HostRepository:
        found = (await self._call("GET", f"/repos/{_repo(full_name)}")).json()
        return HostRepository(host_id=found["id"], full_name=found["full_name"])

    async def pull_request(self, full_name: str, number: int) -> HostPullRequest:
        answer = await self._call("GET", f"/repos/{_repo(full_name)}/pulls/{number}")
        return read_pull_request(answer.content)

    async def change_set(self, id: ChangeSetId, full_name: str) -> ChangeSet:  # noqa: A002
        diff, truncated = await self._diff(full_name, id.number)
        names = changed_files(diff)
        slots = asyncio.Semaphore(CONTENT_CONCURRENCY)

        async def read(file: ChangedFile) -> ChangedFile:
            async with slots:
                return await self._with_content(full_name, id.head_sha, file)

        files = await asyncio.gather(*(read(file) for file in names[:MAXIMUM_FILES]))
        return ChangeSet(
            id=id,
            repository_full_name=full_name,
            diff=diff,
            files=tuple(files),
            truncated=truncated or len(names) > MAXIMUM_FILES,
        )

    async def commentable_lines(self, full_name: str, number: int) -> CommentableLines:
        return commentable_lines((await self._diff(full_name, number))[0])

    async def find_review(self, full_name: str, number: int, review: Review) -> PostedReview | None:
        marker = review_marker(review.review_id, review.head_sha)
        async for each in self._pages(f"/repos/{_repo(full_name)}/pulls/{number}/reviews"):
            if marker in (each.get("body") or ""):
                return _posted(each, review)
        return None

    async def post_review(self, full_name: str, number: int, review: Review) -> PostedReview:
        comments = []
        for comment in review.comments:
            placed: dict[str, Any] = {
                "path": comment.path,
                "body": comment_body(comment),
                "line": comment.end_line,
                "side": "RIGHT",
            }
            if comment.start_line != comment.end_line:
                placed |= {"start_line": comment.start_line, "start_side": "RIGHT"}
            comments.append(placed)
        body = {
            "commit_id": review.head_sha,
            "body": review_body(review),
            "event": "COMMENT",
            "comments": comments,
        }
        path = f"/repos/{_repo(full_name)}/pulls/{number}/reviews"
        return _posted((await self._call("POST", path, json=body)).json(), review)

    async def report_check(self, full_name: str, check: CheckRun) -> int:
        state = check.state
        body: dict[str, Any] = {
            "name": CHECK_NAME,
            "head_sha": check.head_sha,
            "status": state.status,
            "external_id": str(check.said_by),
            # Only the summary is Markdown.
            "output": {
                "title": plain_line(state.title, 250),
                "summary": harmless(state.summary) or "…",
            },
        }
        if state.conclusion:
            body |= {"conclusion": state.conclusion}
        path = f"/repos/{_repo(full_name)}/check-runs"
        known = check.host_id
        if known is None and check.attempts:
            # An earlier try may have made it and not heard the answer.
            known = await self._find_check(full_name, check.head_sha)
        if known is None:
            answer = await self._call("POST", path, json=body)
        else:
            del body["head_sha"]
            answer = await self._call("PATCH", f"{path}/{known}", json=body)
        return int(answer.json()["id"])

    async def _find_check(self, full_name: str, sha: str) -> int | None:
        path = f"/repos/{_repo(full_name)}/commits/{sha}/check-runs"
        found = (await self._call("GET", path, params={"check_name": CHECK_NAME})).json()
        return next((int(each["id"]) for each in found["check_runs"]), None)

    async def _diff(self, full_name: str, number: int) -> tuple[str, bool]:
        """The unified diff; from the list of files when GitHub finds it too large (406)."""
        path = f"/repos/{_repo(full_name)}/pulls/{number}"
        try:
            answer = await self._call("GET", path, accept="application/vnd.github.v3.diff")
        except _TooLarge:
            files = [each async for each in self._pages(f"{path}/files")]
            return diff_of_files(files)
        return answer.text, False

    async def _with_content(self, full_name: str, sha: str, file: ChangedFile) -> ChangedFile:
        if file.status == "removed" or file.omitted_reason:
            return file
        path = f"/repos/{_repo(full_name)}/contents/{quote(file.path)}"
        try:
            answer = await self._call(
                "GET", path, params={"ref": sha}, accept="application/vnd.github.raw+json"
            )
        except (HostNotFound, _TooLarge):
            return _without_content(file, "not readable at the head")
        if len(answer.content) > MAXIMUM_FILE_BYTES:
            return _without_content(file, "larger than 1 MB")
        try:
            text = answer.content.decode()
        except UnicodeDecodeError:
            return _without_content(file, "not UTF-8 text")
        if "\0" in text:
            return _without_content(file, "binary")
        return ChangedFile(
            path=file.path, previous_path=file.previous_path, status=file.status, content=text
        )

    async def _pages(self, path: str) -> AsyncIterator[dict[str, Any]]:
        page = 1
        while True:
            answer = await self._call("GET", path, params={"per_page": 100, "page": page})
            for each in answer.json():
                yield each
            if 'rel="next"' not in answer.headers.get("link", ""):
                return
            page += 1

    async def _call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: dict[str, Any] | None = None,
        accept: str = "application/vnd.github+json",
    ) -> httpx.Response:
        await self._policy(self._base)
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": accept,
            "X-GitHub-Api-Version": VERSION,
        }
        with span(f"{method} {path}", kind=SpanKind.CLIENT):
            headers |= {"traceparent": parent} if (parent := traceparent()) else {}
            try:
                answer = await self._http.request(
                    method, self._base + path, json=json, params=params, headers=headers
                )
            except httpx.TransportError as problem:
                raise HostAway(f"{method} {path}: {type(problem).__name__}") from problem
        self._refuse(answer)
        return answer

    def _refuse(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status < 300:
            return
        what = f"{answer.request.method} {answer.request.url.path}: {status} {_said(answer)}"
        if status == 406:
            raise _TooLarge(what)
        if status == 429 or (status == 403 and _is_rate_limit(answer)):
            raise HostRateLimited(self._retry_at(answer))
        if status == 404:
            raise HostNotFound(what)
        if status >= 500:
            raise HostAway(what)
        raise HostRefused(what)

    def _retry_at(self, answer: httpx.Response) -> datetime:
        """Retry-After in seconds, else x-ratelimit-reset in epoch seconds, else a minute."""
        after, reset = answer.headers.get("retry-after"), answer.headers.get("x-ratelimit-reset")
        if after and after.isdigit():
            return self._now() + timedelta(seconds=int(after))
        if reset and reset.isdigit():
            return datetime.fromtimestamp(int(reset), UTC)
        return self._now() + DEFAULT_PAUSE


class _TooLarge(HostRefused):
    """GitHub does not render it: a diff of more than 20,000 lines, a file of more than 100 MB."""


def _repo(full_name: str) -> str:
    return quote(full_name)


def _without_content(file: ChangedFile, reason: str) -> ChangedFile:
    return ChangedFile(
        path=file.path,
        previous_path=file.previous_path,
        status=file.status,
        content=None,
        omitted_reason=reason,
    )


def _posted(answer: dict[str, Any], review: Review) -> PostedReview:
    url = answer.get("html_url") or ""
    return PostedReview(host_id=answer["id"], url=url, comments=len(review.comments))


def _is_rate_limit(answer: httpx.Response) -> bool:
    """A secondary limit may come without any header, and says so in words only."""
    if "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0":
        return True
    return "rate limit" in _said(answer).lower()


def _said(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    return f"{said.get('message', '')} {said.get('errors', '')}".strip()[:500]
