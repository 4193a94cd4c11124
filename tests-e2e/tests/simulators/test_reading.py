"""Who may read what, page by page and in the form that was asked for."""

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from httpx import AsyncClient, Response
from simulators_support.site import BASE, HEAD, SHOP, Site, comment

DIFF = "application/vnd.github.v3.diff"
RAW = "application/vnd.github.raw+json"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer of-somebody-else"}, 401),
        ({"Authorization": "Basic {token}"}, 401),
        ({"Authorization": "token {token}"}, 200),
        ({"Authorization": "bearer {token}"}, 200),
        ({"Authorization": "Bearer {token}", "User-Agent": ""}, 403),
    ],
)
async def test_a_call_carries_a_token_and_says_who_calls(
    site: Site, headers: dict[str, str], status: int
) -> None:
    await site.pull_request()
    given = {name: value.format(token=site.simulator.token) for name, value in headers.items()}
    async with AsyncClient(base_url=site.simulator.url) as stranger:
        answer = await stranger.get(f"/repos/{SHOP}", headers=given)
    assert answer.status_code == status
    assert ("documentation_url" in answer.json()) is (status != 200)


async def test_a_token_that_may_not_see_a_repository_does_not_find_it(site: Site) -> None:
    await site.pull_request()
    await site.host.create_repository("team/other")
    seeing = {"token": "narrow", "repositories": ["team/other"]}
    assert (await site.http.post("/_control/tokens", json=seeing)).status_code == 201

    async def status(path: str) -> int:
        narrow = {"Authorization": "Bearer narrow"}
        return (await site.http.get(path, headers=narrow)).status_code

    assert await status("/repos/Team/Other") == 200
    assert await status(f"/repos/{SHOP}") == 404
    assert await status(f"/repos/{SHOP}/pulls/1/files") == 404


@pytest.mark.parametrize(
    "path",
    [
        "/repos/team/nothing",
        "/repos/team/nothing/pulls/1",
        f"/repos/{SHOP}/pulls/2",
        f"/repos/{SHOP}/pulls/2/reviews",
        f"/repos/{SHOP}/contents/none.txt",
        f"/repos/{SHOP}/contents/numbers.txt?ref=nowhere",
        "/nothing",
    ],
)
async def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    await site.pull_request()
    answer = await site.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"


async def test_a_repository_is_found_whatever_the_case_of_its_name(site: Site) -> None:
    await site.pull_request()
    found = (await site.http.get("/repos/TEAM/Shop")).json()
    assert (found["full_name"], found["default_branch"]) == (SHOP, "main")


async def test_a_file_is_read_raw_or_in_json_at_any_ref(site: Site) -> None:
    pull = await site.pull_request()

    async def read(**query: str) -> str:
        return (await site.get("/contents/numbers.txt", accept=RAW, **query)).text

    assert await read() == BASE
    assert await read(ref="topic") == await read(ref=pull["head"]["sha"]) == HEAD
    said = (await site.get("/contents/numbers.txt", ref="topic")).json()
    assert base64.b64decode(said["content"]).decode() == HEAD
    assert (said["encoding"], said["size"], said["path"]) == ("base64", len(HEAD), "numbers.txt")
    blob = f"blob {len(HEAD)}\0{HEAD}".encode()
    assert said["sha"] == hashlib.sha1(blob, usedforsecurity=False).hexdigest()


async def test_a_file_of_more_than_a_megabyte_is_read_raw_only(site: Site) -> None:
    large = "x" * (1024 * 1024 + 1)
    await site.pull_request({"large.txt": large})
    said = (await site.get("/contents/large.txt", ref="topic")).json()
    assert (said["encoding"], said["content"], said["size"]) == ("none", "", len(large))
    assert (await site.get("/contents/large.txt", ref="topic", accept=RAW)).text == large


async def test_a_pull_request_is_json_or_its_diff(site: Site) -> None:
    await site.pull_request()
    said = (await site.get("/pulls/1")).json()
    assert (said["number"], said["state"], said["head"]["ref"]) == (1, "open", "topic")
    answer = await site.get("/pulls/1", accept=DIFF)
    assert answer.headers["content-type"].startswith(DIFF)
    assert answer.text.startswith("diff --git a/numbers.txt b/numbers.txt\n")
    assert "\n-line 5\n+five\n" in answer.text


async def test_files_are_listed_with_what_happened_to_each(site: Site) -> None:
    base: dict[str, str | None] = {"old.txt": BASE, "gone.txt": "x\n", "numbers.txt": BASE}
    head = {"old.txt": None, "new.txt": BASE, "gone.txt": None, "numbers.txt": HEAD, "added": "y\n"}
    await site.pull_request(head, base)
    listed = await site.listed("/pulls/1/files")
    assert [(f["filename"], f["status"], f["additions"], f["deletions"]) for f in listed] == [
        ("added", "added", 1, 0),
        ("gone.txt", "removed", 0, 1),
        ("new.txt", "renamed", 0, 0),
        ("numbers.txt", "modified", 1, 2),
    ]
    assert listed[2]["previous_filename"] == "old.txt"
    assert "patch" not in listed[2]
    assert listed[3]["patch"].startswith("@@ -2,7 +2,7 @@")


async def test_a_change_of_more_than_twenty_thousand_lines_has_no_diff(site: Site) -> None:
    await site.pull_request({"long.txt": "x\n" * 20_001})
    answer = await site.get("/pulls/1", accept=DIFF)
    _is_too_large(answer, "lines (20000)")
    (file,) = await site.listed("/pulls/1/files")
    assert file["additions"] == 20_001


async def test_a_change_of_more_than_three_hundred_files_has_no_diff(site: Site) -> None:
    await site.pull_request({f"{number}.txt": "x\n" for number in range(301)})
    _is_too_large(await site.get("/pulls/1", accept=DIFF), "files (300)")
    assert len((await site.get("/pulls/1/files", per_page=100, page=4)).json()) == 1


def _is_too_large(answer: Response, limit: str) -> None:
    assert answer.status_code == 406
    assert limit in answer.json()["message"]
    assert answer.json()["errors"][0]["code"] == "too_large"


async def test_lists_come_in_pages_that_link_to_each_other(site: Site) -> None:
    await site.pull_request({f"{number}.txt": "x\n" for number in range(5)})
    first = await site.get("/pulls/1/files", per_page=2)
    middle = await site.http.get(first.links["next"]["url"])
    last = await site.http.get(middle.links["last"]["url"])
    names = [[file["filename"] for file in page.json()] for page in (first, middle, last)]
    assert names == [["0.txt", "1.txt"], ["2.txt", "3.txt"], ["4.txt"]]
    assert set(first.links) == {"next", "last"}
    assert set(middle.links) == {"first", "prev", "next", "last"}
    assert set(last.links) == {"first", "prev"}


async def test_links_keep_what_else_was_asked_for(site: Site) -> None:
    await site.pull_request()
    await site.host.push(SHOP, "second", files={"second.txt": "x\n"}, start="main")
    await site.host.open_pull_request(SHOP, head="second", base="main", title="Second")
    await site.host.change_pull_request(SHOP, 1, "closed")
    first = await site.get("/pulls", state="all", per_page=1)
    second = await site.http.get(first.links["next"]["url"])
    assert [each["number"] for each in first.json() + second.json()] == [2, 1]
    assert [each["number"] for each in (await site.get("/pulls")).json()] == [2]


@pytest.mark.parametrize(
    ("query", "size"),
    [({}, 30), ({"per_page": "500"}, 100), ({"per_page": "many"}, 30), ({"page": "9"}, 0)],
)
async def test_a_page_has_thirty_items_and_at_most_a_hundred(
    site: Site, query: dict[str, str], size: int
) -> None:
    await site.pull_request({f"{number}.txt": "x\n" for number in range(120)})
    assert len((await site.get("/pulls/1/files", **query)).json()) == size


async def test_a_head_that_took_in_its_base_shows_only_its_own_changes(
    site: Site, tmp_path: Path
) -> None:
    await site.pull_request()
    await site.host.push(SHOP, "main", files={"elsewhere.txt": "x\n"})

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.invalid"]
        subprocess.run(["git", *identity, *arguments], cwd=work, check=True, capture_output=True)

    work = tmp_path / "work"
    work.mkdir()
    bare = site.host.catalogue.git(SHOP).folder
    git("clone", "--branch", "topic", str(bare), ".")
    git("merge", "origin/main")
    await site.host.push(SHOP, "topic", git_path=str(work))
    assert [file["filename"] for file in await site.listed("/pulls/1/files")] == ["numbers.txt"]


async def test_a_browser_sees_the_diff_and_its_comments_and_runs_none_of_it(site: Site) -> None:
    await site.pull_request({"numbers.txt": HEAD.replace("five", "<script>")})
    await site.review(comment(body="<b>Why?</b>"), body="<i>Seen</i>")
    page = await site.http.get(f"/{SHOP}/pull/1")
    assert page.headers["content-type"].startswith("text/html")
    for text in ("&lt;script&gt;", "&lt;b&gt;Why?&lt;/b&gt;", "&lt;i&gt;Seen&lt;/i&gt;"):
        assert text in page.text
    assert "<script" not in page.text
