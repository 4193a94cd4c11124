"""The API, through the whole service on a real database."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from code_review.bootstrap import Service, open_service
from code_review.domain.review import Review
from code_review.infrastructure.mongo import MongoReviews
from code_review_support.builders import (
    NOON,
    ORGANIZATION,
    a_finding,
    a_review,
    a_subject,
    an_analysis,
    an_ended_review,
)
from code_review_support.callers import NO_DATABASE, a_caller, settings
from crivo_web.pages import encode_cursor
from httpx import Response


async def get(service: Service, path: str, *, organization_id: UUID = ORGANIZATION) -> Response:
    async with a_caller(service, organization_id=organization_id) as caller:
        return await caller.get(path)


async def given(service: Service, *reviews: Review) -> None:
    stored = MongoReviews(service.database, service.outbox)
    for review in reviews:
        await stored.save(review)


async def test_a_review_is_shown(running: Service) -> None:
    analysis = an_analysis(a_finding(fingerprint="f1"), failure="timed out")
    review = an_ended_review(analysis=analysis)
    await given(running, review)
    answer = await get(running, f"/v1/reviews/{review.id}")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["id"], shown["job_id"]) == (str(review.id), str(review.subject.job_id))
    assert (shown["status"], shown["pull_request_number"]) == ("partial", 7)
    assert [each["fingerprint"] for each in shown["findings"]] == ["f1"]
    (missing,) = shown["missing_stages"]
    assert (missing["stage"], missing["reason"]) == ("analyze:ast-grep", "timed out")


async def test_reviews_are_listed_page_by_page(running: Service) -> None:
    reviews = [a_review(now=NOON + timedelta(seconds=each)) for each in range(3)]
    await given(running, *reviews)
    first = (await get(running, "/v1/reviews?limit=2")).json()
    second = (await get(running, f"/v1/reviews?limit=2&cursor={first['next_cursor']}")).json()
    seen = [each["id"] for each in first["items"] + second["items"]]
    assert seen == [str(each.id) for each in reversed(reviews)]
    assert second["next_cursor"] is None


async def test_the_review_of_a_job_is_found(running: Service) -> None:
    wanted = a_review()
    await given(running, a_review(), wanted)
    answer = await get(running, f"/v1/reviews?job_id={wanted.subject.job_id}")
    assert [each["id"] for each in answer.json()["items"]] == [str(wanted.id)]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "job_id=1",
        "cursor=!",
        "cursor=",
        "cursor=WzFd",  # [1]
        f"cursor={encode_cursor()}",
        f"cursor={encode_cursor('a', 'b')}",
        f"cursor={encode_cursor(chr(0xD800))}",
    ],
)
async def test_a_list_that_cannot_be_asked_for_is_a_bad_request(
    running: Service, query: str
) -> None:
    answer = await get(running, f"/v1/reviews?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_review_that_is_none_is_not_found(running: Service) -> None:
    answer = await get(running, f"/v1/reviews/{uuid4()}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_review_of_another_organization_is_not_found(running: Service) -> None:
    review = a_review(a_subject(organization_id=uuid4()))
    await given(running, review)
    assert (await get(running, f"/v1/reviews/{review.id}")).status_code == 404
    assert (await get(running, "/v1/reviews")).json()["items"] == []
    by_job = await get(running, f"/v1/reviews?job_id={review.subject.job_id}")
    assert by_job.json()["items"] == []


async def test_nobody_without_an_organization_sees_reviews(running: Service) -> None:
    async with a_caller(running, organization_id=None) as caller:
        assert (await caller.get("/v1/reviews")).status_code == 403
        assert (await caller.get("/v1/reviews", headers={"Authorization": ""})).status_code == 401


async def test_preparing_the_database_again_changes_nothing(running: Service) -> None:
    before = await running.database["reviews"].index_information()
    await running.migrate()
    assert await running.database["reviews"].index_information() == before
    assert (await get(running, "/health/ready")).status_code == 200


async def test_an_absent_database_is_a_503_that_shows_no_address() -> None:
    async with open_service(settings(NO_DATABASE, "none"), []) as service:
        answer, ready = await asyncio.gather(
            get(service, "/v1/reviews"), get(service, "/health/ready")
        )
    assert (answer.status_code, ready.status_code) == (503, 503)
    assert "nowhere" not in answer.text
