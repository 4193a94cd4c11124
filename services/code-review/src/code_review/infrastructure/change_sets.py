"""Change sets from platform-integration: the one synchronous call between services."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
from crivo_observability.context import correlation_id
from crivo_observability.traces import traceparent
from crivo_web.identity import Identity, Now, issue
from pydantic import BaseModel, ValidationError

from code_review.application.ports import ChangeSetUnavailable
from code_review.domain.change_set import ChangedFile, ChangeSet
from code_review.domain.review import ErrorClass, Failure
from code_review.infrastructure.diff_reader import UnreadableDiff, read_diff

# The code host may be slow, and platform-integration waits for it.
TIMEOUT = httpx.Timeout(60, connect=5)
# Of the whole answer: one that trickles in must not hold a worker for ever.
MOST_SECONDS = 300.0
MOST_BYTES = 60_000_000
MOST_WAIT_SECONDS = 86_400
OURSELVES = Identity(
    subject="code-review", organization_id=None, role="service", issuer="code-review"
)


class _File(BaseModel):
    path: str
    status: str
    content: str | None
    omitted_reason: str | None


class _ChangeSet(BaseModel):
    diff: str
    files: list[_File]
    truncated: bool


class HttpChangeSets:
    """Implements ChangeSets."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        url: str,
        token_key: str,
        now: Now,
        seconds: float = MOST_SECONDS,
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._token_key = token_key
        self._now = now
        self._seconds = seconds

    async def get(self, change_set_id: str) -> ChangeSet:
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._fetch(change_set_id)
        except TimeoutError:
            reason = f"the change set takes longer than {self._seconds:g} s"
            raise _unavailable(ErrorClass.TRANSIENT, reason) from None
        except httpx.RequestError as problem:
            reason = f"platform-integration does not answer: {type(problem).__name__}"
            raise _unavailable(ErrorClass.TRANSIENT, reason) from problem
        try:
            # Megabytes of text take seconds, in which everything else must go on.
            return await asyncio.to_thread(_read, body)
        except (ValidationError, UnreadableDiff) as problem:
            # A code host's hiccup would look like this too.
            reason = f"the change set cannot be read: {type(problem).__name__}"
            raise _unavailable(ErrorClass.TRANSIENT, reason) from None

    async def _fetch(self, change_set_id: str) -> bytes:
        path = f"/internal/v1/change-sets/{quote(change_set_id, safe='')}"
        token = issue(OURSELVES, self._token_key, now=self._now())
        headers = {"Authorization": f"Bearer {token}", "X-Request-ID": correlation_id()}
        headers |= {"traceparent": parent} if (parent := traceparent()) else {}
        async with self._http.stream("GET", self._url + path, headers=headers) as answer:
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    reason = f"the change set is larger than {MOST_BYTES:,} bytes"
                    raise _unavailable(ErrorClass.PERMANENT, reason)
        if answer.is_error:
            raise ChangeSetUnavailable(self._failure(answer, bytes(body)))
        return bytes(body)

    def _failure(self, answer: httpx.Response, body: bytes) -> Failure:
        reason = f"change set: {answer.status_code} {_detail(body)}".strip()
        if answer.status_code == 429:
            return Failure(
                error_class=ErrorClass.RATE_LIMITED,
                reason=reason,
                retry_at=self._retry_at(answer.headers.get("retry-after")),
            )
        passing = answer.status_code >= 500 or answer.status_code == 408
        return Failure(
            error_class=ErrorClass.TRANSIENT if passing else ErrorClass.PERMANENT, reason=reason
        )

    def _retry_at(self, seconds: str | None) -> datetime:
        known = seconds is not None and seconds.isascii() and seconds.isdigit()
        # No code host's limit lasts longer than a day; more is a mistake that would park the job.
        wait = min(float(seconds or 0), MOST_WAIT_SECONDS) if known else 60
        return self._now() + timedelta(seconds=wait)


def _read(body: bytes) -> ChangeSet:
    said = _ChangeSet.model_validate_json(body)
    files = tuple(ChangedFile(**file.model_dump()) for file in said.files)
    return ChangeSet(diff=read_diff(said.diff), files=files, truncated=said.truncated)


class _Problem(BaseModel):
    detail: str = ""


def _detail(body: bytes) -> str:
    try:
        return _Problem.model_validate_json(body).detail[:500]
    except ValidationError:
        return ""


def _unavailable(error_class: ErrorClass, reason: str) -> ChangeSetUnavailable:
    return ChangeSetUnavailable(Failure(error_class=error_class, reason=reason))
