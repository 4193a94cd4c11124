"""The host is slow, refuses or hangs up when asked to, as often as asked and no more."""

import time

import httpx
import pytest
from simulators_support.site import SHOP, Site, comment

REVIEWS = rf"/repos/{SHOP}/pulls/\d+/reviews$"


async def fail(site: Site, path: str, **how: object) -> None:
    answer = await site.http.post("/_control/faults", json={"path": path, **how})
    assert answer.status_code == 201


async def test_a_status_with_headers_is_answered_once_and_has_no_effect(site: Site) -> None:
    await site.pull_request()
    await fail(site, REVIEWS, status=429, headers={"Retry-After": "7"})
    limited = await site.review(comment())
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert limited.json()["message"]
    assert await site.listed("/pulls/1/reviews") == []
    assert (await site.review(comment())).status_code == 200


async def test_a_fault_meets_its_path_and_method_only(site: Site) -> None:
    await site.pull_request()
    await fail(site, REVIEWS, status=503, method="POST", times=2)
    assert (await site.get("/pulls/1/reviews")).status_code == 200
    assert (await site.get("/pulls/1/files")).status_code == 200
    statuses = [(await site.review(comment())).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
async def test_an_answer_is_lost_before_or_after_its_effect(
    site: Site, after: bool, made: int
) -> None:
    await site.pull_request()
    await fail(site, REVIEWS, drop=True, after=after, method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        await site.review(comment())
    assert len(await site.listed("/pulls/1/reviews")) == made


async def test_an_error_can_hide_a_success(site: Site) -> None:
    await site.pull_request()
    await fail(site, REVIEWS, status=502, after=True, method="POST")
    assert (await site.review(comment())).status_code == 502
    assert len(await site.listed("/pulls/1/reviews")) == 1


async def test_a_slow_answer_is_right_and_late(site: Site) -> None:
    await site.pull_request()
    await fail(site, REVIEWS, delay_seconds=0.3)
    begun = time.monotonic()
    answer = await site.review(comment())
    assert answer.status_code == 200
    assert time.monotonic() - begun >= 0.3


async def test_faults_are_cleared(site: Site) -> None:
    await site.pull_request()
    await fail(site, ".", status=500, times=100)
    assert (await site.get("")).status_code == 500
    await site.http.post("/_control/clear-faults")
    assert (await site.get("")).status_code == 200


async def test_calls_are_noted_with_what_was_answered(site: Site) -> None:
    await site.pull_request()
    await site.get("/pulls/1/files", per_page=5)
    await fail(site, "/pulls/1$", status=500)
    await site.get("/pulls/1")
    noted = (await site.http.get("/_control/calls")).json()
    assert [(each["method"], each["path"], each["query"], each["status"]) for each in noted] == [
        ("GET", f"/repos/{SHOP}/pulls/1/files", "per_page=5", 200),
        ("GET", f"/repos/{SHOP}/pulls/1", "", 500),
    ]
