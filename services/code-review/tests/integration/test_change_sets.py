"""Fetching from a server that behaves as platform-integration does, at its best and its worst."""

import gzip
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import repeat

import httpx
import pytest
from code_review.application.ports import ChangeSetUnavailable
from code_review.domain.review import ErrorClass, Failure
from code_review.infrastructure.change_sets import MOST_BYTES, HttpChangeSets
from code_review_support.builders import CHANGE_SET_ID
from code_review_support.callers import KEY, NOWHERE
from code_review_support.platform import CHANGE_SET, Answer, PlatformIntegration, a_problem
from crivo_web.identity import utc_now, verify

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def change_sets(platform: PlatformIntegration) -> AsyncIterator[HttpChangeSets]:
    async with httpx.AsyncClient(timeout=60) as http:
        yield against(http, platform.url)


def against(
    http: httpx.AsyncClient,
    url: str,
    *,
    seconds: float = 60,
    now: Callable[[], datetime] = lambda: NOW,
) -> HttpChangeSets:
    return HttpChangeSets(http, url=f"{url}/", token_key=KEY, now=now, seconds=seconds)


def a_change_set_with(diff: str) -> Answer:
    return Answer(body=(json.dumps({**CHANGE_SET, "diff": diff}).encode(),))


async def failure_of(change_sets: HttpChangeSets) -> Failure:
    with pytest.raises(ChangeSetUnavailable) as unavailable:
        await change_sets.get(CHANGE_SET_ID)
    return unavailable.value.failure


async def test_a_change_set_is_read(change_sets: HttpChangeSets) -> None:
    change_set = await change_sets.get(CHANGE_SET_ID)
    (source,) = change_set.sources()
    assert (source.path, sorted(source.changed_lines)) == ("cart.py", [2])
    assert change_set.unseen() is None


async def test_it_is_asked_for_by_its_id_in_our_own_name(platform: PlatformIntegration) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        await against(http, platform.url, now=utc_now).get("a/b?c.7")
    (request,) = platform.requests
    assert request.startswith("GET /internal/v1/change-sets/a%2Fb%3Fc.7 HTTP/1.1\r\n")
    headers = dict(line.split(": ", 1) for line in request.lower().strip().split("\r\n")[1:])
    token = request.split("Bearer ")[1].split("\r\n")[0]
    identity = verify(token, KEY)
    assert (identity.subject, identity.role) == ("code-review", "service")
    assert identity.organization_id is None
    assert "x-request-id" in headers


async def test_fields_we_do_not_know_are_no_obstacle(
    change_sets: HttpChangeSets, platform: PlatformIntegration
) -> None:
    platform.answer = Answer(body=(json.dumps({**CHANGE_SET, "new": 1}).encode(),))
    assert (await change_sets.get(CHANGE_SET_ID)).sources()


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (400, ErrorClass.PERMANENT),
        (401, ErrorClass.PERMANENT),
        (404, ErrorClass.PERMANENT),
        (408, ErrorClass.TRANSIENT),
        (500, ErrorClass.TRANSIENT),
        (503, ErrorClass.TRANSIENT),
    ],
)
async def test_the_status_decides_whether_to_try_again(
    change_sets: HttpChangeSets,
    platform: PlatformIntegration,
    status: int,
    error_class: ErrorClass,
) -> None:
    platform.answer = a_problem(status, "because")
    failure = await failure_of(change_sets)
    assert failure == Failure(error_class=error_class, reason=f"change set: {status} because")


async def test_an_error_that_is_no_problem_document_is_told_by_its_status(
    change_sets: HttpChangeSets, platform: PlatformIntegration
) -> None:
    platform.answer = Answer(502, (b"<html>",))
    assert (await failure_of(change_sets)).reason == "change set: 502"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Wed, 25 Nov 2026 12:00:00 GMT", 60),
        ("-5", 60),
        ("\xb2", 60),
        ("9" * 30, 86_400),
        (None, 60),
    ],
)
async def test_a_limit_is_waited_for_as_long_as_is_said_and_never_longer_than_a_day(
    change_sets: HttpChangeSets, platform: PlatformIntegration, said: str | None, seconds: int
) -> None:
    headers = {} if said is None else {"Retry_After": said}
    platform.answer = a_problem(429, "slow down", **headers)
    failure = await failure_of(change_sets)
    assert failure.error_class is ErrorClass.RATE_LIMITED
    assert failure.retry_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=(b"",)),
        Answer(body=(b"<html>",)),
        Answer(body=(b'{"diff": "", "files": []}',)),
        a_change_set_with("<html>"),
        Answer(
            body=(json.dumps({**CHANGE_SET, "diff": "--- a/x\n+++ b/x\n@@ -1 +1 @@"}).encode(),)
        ),
        Answer(302, (b"",), {"Location": "/elsewhere"}),
        Answer(204, ()),
        Answer(body=(b"not gzip",), headers={"Content-Encoding": "gzip"}),
        Answer(body=(b"short",), headers={"Content-Length": "100"}),
    ],
    ids=[
        "nothing",
        "a page",
        "a part",
        "no diff",
        "a diff cut off",
        "a redirect",
        "no content",
        "a broken encoding",
        "an answer cut off",
    ],
)
async def test_what_cannot_be_read_may_be_readable_later(
    change_sets: HttpChangeSets, platform: PlatformIntegration, answer: Answer
) -> None:
    platform.answer = answer
    assert (await failure_of(change_sets)).error_class is ErrorClass.TRANSIENT


async def test_a_reason_has_nothing_of_what_was_sent(
    change_sets: HttpChangeSets, platform: PlatformIntegration
) -> None:
    platform.answer = a_change_set_with("secret")
    assert "secret" not in (await failure_of(change_sets)).reason


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
async def test_a_change_set_without_end_is_given_up_for_good(
    change_sets: HttpChangeSets, platform: PlatformIntegration, packed: bool
) -> None:
    megabyte = bytes(1 << 20)
    if packed:
        bomb = gzip.compress(megabyte * 64, compresslevel=1)
        platform.answer = Answer(body=(bomb,), headers={"Content-Encoding": "gzip"})
    else:
        platform.answer = Answer(body=repeat(megabyte))
    failure = await failure_of(change_sets)
    assert failure.error_class is ErrorClass.PERMANENT
    assert f"{MOST_BYTES:,}" in failure.reason


async def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(
    platform: PlatformIntegration,
) -> None:
    platform.answer = Answer(body=(), hangs=True)
    async with httpx.AsyncClient(timeout=httpx.Timeout(60, read=0.05)) as http:
        failure = await failure_of(against(http, platform.url))
    assert failure.error_class is ErrorClass.TRANSIENT
    assert "ReadTimeout" in failure.reason


async def test_an_answer_that_trickles_in_is_not_waited_for_for_ever(
    platform: PlatformIntegration,
) -> None:
    platform.answer = Answer(body=(b"{",), hangs=True)
    async with httpx.AsyncClient(timeout=60) as http:
        failure = await failure_of(against(http, platform.url, seconds=0.2))
    assert failure == Failure(
        error_class=ErrorClass.TRANSIENT, reason="the change set takes longer than 0.2 s"
    )


async def test_nobody_there_is_a_passing_thing() -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        failure = await failure_of(against(http, NOWHERE))
    assert failure.error_class is ErrorClass.TRANSIENT
    assert "ConnectError" in failure.reason
