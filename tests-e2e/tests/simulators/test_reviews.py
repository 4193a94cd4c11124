"""A review is made whole or not at all, and only on lines that the diff shows."""

from typing import Any

import pytest
from simulators_support.site import HEAD, SHOP, Site, comment, errors


async def test_a_review_is_listed_with_its_comments(site: Site) -> None:
    pull = await site.pull_request()
    answer = await site.review(comment(), comment(30, body="And here?"))
    assert answer.status_code == 200
    made = answer.json()
    assert (made["state"], made["body"]) == ("COMMENTED", "Seen.")
    assert made["commit_id"] == pull["head"]["sha"]
    assert made["submitted_at"]
    assert await site.listed("/pulls/1/reviews") == [made]
    comments = await site.listed("/pulls/1/comments")
    assert [(c["path"], c["line"], c["side"], c["body"]) for c in comments] == [
        ("numbers.txt", 5, "RIGHT", "Why?"),
        ("numbers.txt", 30, "RIGHT", "And here?"),
    ]
    assert {c["pull_request_review_id"] for c in comments} == {made["id"]}


@pytest.mark.parametrize(
    ("side", "lines"),
    [("RIGHT", [*range(2, 9), *range(27, 33)]), ("LEFT", [*range(2, 9), *range(27, 34)])],
)
async def test_a_line_of_either_side_can_be_commented_when_the_diff_shows_it(
    site: Site, side: str, lines: list[int]
) -> None:
    await site.pull_request()
    shown = [
        line
        for line in range(45)
        if (await site.review(comment(line, side=side))).status_code == 200
    ]
    assert shown == lines


@pytest.mark.parametrize(
    ("start", "line", "more", "error"),
    [
        (2, 8, {}, None),
        (30, 31, {"side": "LEFT", "start_side": "LEFT"}, None),
        (30, 31, {"start_side": "LEFT"}, None),
        (8, 27, {}, "Start line must be part of the same hunk as the line"),
        (1, 5, {}, "Start line could not be resolved"),
        (5, 12, {}, "Line could not be resolved"),
        (5, 5, {}, "Start line must precede the end line"),
        (6, 5, {}, "Start line must precede the end line"),
    ],
)
async def test_a_comment_on_several_lines_keeps_to_one_hunk(
    site: Site, start: int, line: int, more: dict[str, str], error: str | None
) -> None:
    await site.pull_request()
    answer = await site.review(comment(line, start_line=start, **more))
    if error is None:
        assert answer.status_code == 200
        (made,) = await site.listed("/pulls/1/comments")
        assert (made["start_line"], made["line"]) == (start, line)
    else:
        assert errors(answer) == [error]


async def test_one_wrong_comment_refuses_the_whole_review(site: Site) -> None:
    await site.pull_request()
    answer = await site.review(comment(), comment(12), comment(path="other.txt"))
    assert errors(answer) == ["Line could not be resolved", "Path could not be resolved"]
    assert await site.listed("/pulls/1/reviews") == []
    assert await site.listed("/pulls/1/comments") == []


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"body": ""}, "Body can't be blank"),
        ({"body": "  \n"}, "Body can't be blank"),
        ({"body": None}, "Body can't be blank"),
        ({"body": "x" * 65537}, "Body is too long (maximum is 65536 characters)"),
        ({"line": None}, "Line could not be resolved"),
        ({"body": 1}, "Invalid request.\n\nFor 'items/body', 1 is not a string."),
        ({"line": "5"}, "Invalid request.\n\nFor 'items/line', '5' is not an integer."),
        ({"line": [5]}, "Invalid request.\n\nFor 'items/line', [5] is not an integer."),
        (
            {"start_line": True},
            "Invalid request.\n\nFor 'items/start_line', True is not an integer.",
        ),
        ({"side": "TOP"}, "Invalid request.\n\nFor 'items/side', it is not LEFT or RIGHT."),
    ],
)
async def test_a_comment_that_is_none_is_refused(
    site: Site, wrong: dict[str, Any], error: str
) -> None:
    await site.pull_request()
    assert errors(await site.review({**comment(), **wrong})) == [error]


@pytest.mark.parametrize("field", ["path", "body"])
async def test_a_comment_needs_a_path_and_a_body(site: Site, field: str) -> None:
    await site.pull_request()
    incomplete = {name: value for name, value in comment().items() if name != field}
    assert errors(await site.review(incomplete)) == [
        f'Invalid request.\n\n"{field}" wasn\'t supplied.'
    ]


@pytest.mark.parametrize("comments", ["all", [1], {"path": "numbers.txt"}])
async def test_comments_are_a_list_of_objects(site: Site, comments: Any) -> None:
    await site.pull_request()
    assert "not an array" in errors(await site.review(comments=comments))[0]


@pytest.mark.parametrize(
    ("event", "body", "state"),
    [
        ("COMMENT", "Seen.", "COMMENTED"),
        ("APPROVE", "", "APPROVED"),
        ("REQUEST_CHANGES", "Please.", "CHANGES_REQUESTED"),
        (None, "", "PENDING"),
        ("COMMENT", "", None),
        ("COMMENT", " ", None),
        ("REQUEST_CHANGES", "", None),
        ("APPLAUD", "Yes!", None),
        ("approve", "", None),
        ("COMMENT", "x" * 65537, None),
        ("COMMENT", 7, None),
    ],
)
async def test_events_and_the_body_they_need(
    site: Site, event: str | None, body: Any, state: str | None
) -> None:
    await site.pull_request()
    answer = await site.review(comment(), event=event, body=body)
    if state is None:
        assert errors(answer)
        assert await site.listed("/pulls/1/reviews") == []
    else:
        assert answer.json()["state"] == state


async def test_a_review_that_is_pending_shows_no_comments_and_allows_no_second(
    site: Site,
) -> None:
    await site.pull_request()
    made = (await site.review(comment(), event=None)).json()
    assert "submitted_at" not in made
    assert await site.listed("/pulls/1/comments") == []
    again = await site.review(comment(), event=None)
    assert errors(again) == ["User can only have one pending review per pull request"]


@pytest.mark.parametrize("commit", ["0" * 40, "main", "the base"])
async def test_a_commit_outside_the_pull_request_is_refused(site: Site, commit: str) -> None:
    pull = await site.pull_request()
    commit = pull["base"]["sha"] if commit == "the base" else commit
    answer = await site.review(comment(), commit_id=commit)
    assert errors(answer) == ["The commit is not part of the pull request"]


async def test_an_older_head_is_reviewed_on_its_own_diff(site: Site) -> None:
    older = (await site.pull_request())["head"]["sha"]
    await site.host.push(SHOP, "topic", files={"numbers.txt": HEAD.replace("line 15\n", "15\n")})
    assert (await site.review(comment(15))).status_code == 200
    assert errors(await site.review(comment(15), commit_id=older)) == ["Line could not be resolved"]
    assert (await site.review(comment(5), commit_id=older)).json()["commit_id"] == older


@pytest.mark.parametrize("path", ["café.txt", 'a "b".txt', "a\tb.txt", "back\\slash.txt"])
async def test_a_path_of_any_letters_can_be_commented(site: Site, path: str) -> None:
    await site.pull_request({path: "one\n"})
    assert (await site.review(comment(1, path=path))).status_code == 200
    (file,) = await site.listed("/pulls/1/files")
    assert (file["filename"], file["patch"]) == (path, "@@ -0,0 +1,1 @@\n+one")


async def test_a_file_that_was_removed_has_a_left_side_only(site: Site) -> None:
    await site.pull_request({"numbers.txt": None})
    assert errors(await site.review(comment(5))) == ["Line could not be resolved"]
    assert (await site.review(comment(5, side="LEFT"))).status_code == 200


async def test_a_body_that_is_not_a_json_object_is_a_bad_request(site: Site) -> None:
    await site.pull_request()
    for content in (b"{", b"[]", b"\xff", b"[" * 100_000):
        answer = await site.http.post(f"/repos/{SHOP}/pulls/1/reviews", content=content)
        assert answer.status_code == 400
