"""A check run is on a commit, and says either that it goes on or how it ended."""

from typing import Any

import pytest
from simulators_support.site import SHOP, Site, errors

OUTPUT = {"title": "Reviewing", "summary": "under way"}


async def head_of(site: Site) -> str:
    return str((await site.pull_request())["head"]["sha"])


async def test_a_check_run_goes_on_and_ends(site: Site) -> None:
    sha = await head_of(site)
    made = await site.check(sha, status="in_progress", output=OUTPUT, external_id="job")
    assert made.status_code == 201
    path = f"/repos/{SHOP}/check-runs/{made.json()['id']}"
    ended = await site.http.patch(path, json={"conclusion": "success"})
    assert ended.status_code == 200
    listed = (await site.get(f"/commits/{sha}/check-runs")).json()
    assert listed["total_count"] == 1
    (run,) = listed["check_runs"]
    assert (run["status"], run["conclusion"]) == ("completed", "success")
    assert (run["external_id"], run["output"]) == ("job", OUTPUT)


async def test_check_runs_are_listed_by_name_and_by_branch(site: Site) -> None:
    sha = await head_of(site)
    for name in ("Crivo", "Tests", "Crivo"):
        await site.check(sha, name=name)
    found = await site.get("/commits/topic/check-runs", check_name="Crivo", per_page=1)
    assert found.json()["total_count"] == 2
    assert len(found.json()["check_runs"]) == 1
    assert found.links["next"]
    assert errors(await site.get("/commits/nowhere/check-runs"))


@pytest.mark.parametrize("sha", ["f" * 40, "main", "topic", "", None, 7])
async def test_a_check_run_needs_a_commit_by_its_full_id(site: Site, sha: Any) -> None:
    await site.pull_request()
    assert errors(await site.check(sha))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"status": "done"},
        {"status": "waiting"},
        {"status": "completed"},
        {"completed_at": "2026-11-24T12:00:00Z"},
        {"conclusion": "fine"},
        {"conclusion": "stale"},
        {"output": "text"},
        {"output": {"title": "Only a title"}},
        {"output": {"summary": "Only a summary"}},
        {"output": {"title": 1, "summary": "s"}},
        {"output": {**OUTPUT, "summary": "x" * 65536}},
        {"output": {**OUTPUT, "text": "x" * 65536}},
    ],
    ids=str,
)
async def test_a_check_run_that_says_nothing_sensible_is_refused(
    site: Site, wrong: dict[str, Any]
) -> None:
    sha = await head_of(site)
    assert errors(await site.check(sha, **wrong))
    if "name" not in wrong:
        made = (await site.check(sha)).json()
        assert errors(await site.http.patch(f"/repos/{SHOP}/check-runs/{made['id']}", json=wrong))
    found = (await site.get(f"/commits/{sha}/check-runs")).json()["check_runs"]
    assert [run["status"] for run in found] == ["queued"] * len(found)


async def test_a_check_run_nobody_made_cannot_be_updated(site: Site) -> None:
    await site.pull_request()
    answer = await site.http.patch(f"/repos/{SHOP}/check-runs/1", json={"status": "queued"})
    assert answer.status_code == 404
