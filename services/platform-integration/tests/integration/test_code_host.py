"""What every code host keeps to; the fake of other tests is held to it too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from platform_integration.application.ports import HostAway, HostNotFound, HostRefused
from platform_integration.domain.check_run import CheckState
from platform_integration_support.builders import a_check, a_comment, a_review
from platform_integration_support.hosts import (
    FILES,
    LINES,
    ORDERS,
    Hosted,
    in_memory,
    on_github,
)
from uuid_utils.compat import uuid7

NOBODY = "acme/nothing"


@pytest.fixture(params=[in_memory, on_github], ids=["memory", "github"])
async def hosted(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hosted]:
    async with request.param(tmp_path / "host") as hosted:
        yield hosted


async def test_a_repository_has_a_name_and_a_number_of_its_own(hosted: Hosted) -> None:
    found = await hosted.host.repository(ORDERS)
    assert found.full_name == ORDERS
    assert found.host_id > 0


async def test_a_change_set_has_every_file_as_it_is_at_the_head(hosted: Hosted) -> None:
    found = await hosted.host.change_set(hosted.change_set_id, ORDERS)
    assert (found.id, found.repository_full_name) == (hosted.change_set_id, ORDERS)
    assert found.files == FILES
    assert found.diff.startswith("diff --git ")
    assert not found.truncated


async def test_the_lines_of_the_new_side_that_the_diff_shows_can_be_commented(
    hosted: Hosted,
) -> None:
    assert await hosted.host.commentable_lines(ORDERS, hosted.number) == LINES


async def test_a_pull_request_is_shown_as_it_is_now(hosted: Hosted) -> None:
    shown = await hosted.host.pull_request(ORDERS, hosted.number)
    expected = hosted.change_set_id
    assert (shown.base_sha, shown.head_sha) == (expected.base_sha, expected.head_sha)
    assert (shown.title, shown.description) == ("Numbers", "Five.")
    assert not shown.draft
    assert not shown.closed


async def test_what_is_not_there_is_not_found(hosted: Hosted) -> None:
    host, review = hosted.host, a_review(head_sha=hosted.head_sha)
    for call in (
        host.repository(NOBODY),
        host.pull_request(ORDERS, 999),
        host.change_set(hosted.change_set_id, NOBODY),
        host.commentable_lines(ORDERS, 999),
        host.find_review(ORDERS, 999, review),
        host.post_review(ORDERS, 999, review),
        host.report_check(NOBODY, a_check(head_sha=hosted.head_sha)),
        host.report_check(ORDERS, a_check(head_sha=hosted.head_sha, host_id=999_999)),
    ):
        with pytest.raises(HostNotFound):
            await call


async def test_a_review_that_was_posted_is_found_by_its_id_and_head(hosted: Hosted) -> None:
    comments = (
        a_comment(5, path="numbers.txt"),
        a_comment(27, end_line=30, path="numbers.txt"),
        a_comment(1, path="café.py"),
    )
    review = a_review(*comments, head_sha=hosted.head_sha)
    assert await hosted.host.find_review(ORDERS, hosted.number, review) is None
    posted = await hosted.host.post_review(ORDERS, hosted.number, review)
    assert posted.comments == 3
    assert posted.url
    assert await hosted.host.find_review(ORDERS, hosted.number, review) == posted
    another = a_review(review_id=uuid7(), head_sha=hosted.head_sha)
    assert await hosted.host.find_review(ORDERS, hosted.number, another) is None


@pytest.mark.parametrize(
    ("start", "end", "path"),
    [(12, 12, "numbers.txt"), (8, 27, "numbers.txt"), (1, 5, "numbers.txt"), (1, 1, "other.txt")],
    ids=["outside", "two hunks", "start outside", "unknown file"],
)
async def test_one_comment_that_does_not_fit_refuses_the_whole_review(
    hosted: Hosted, start: int, end: int, path: str
) -> None:
    wrong = a_comment(start, end_line=end, path=path)
    review = a_review(a_comment(5, path="numbers.txt"), wrong, head_sha=hosted.head_sha)
    with pytest.raises(HostRefused):
        await hosted.host.post_review(ORDERS, hosted.number, review)
    assert await hosted.reviews() == 0


async def test_a_review_of_a_commit_of_somewhere_else_is_refused(hosted: Hosted) -> None:
    with pytest.raises(HostRefused):
        await hosted.host.post_review(ORDERS, hosted.number, a_review(head_sha="c" * 40))
    assert await hosted.reviews() == 0


async def test_a_host_that_is_away_did_nothing(hosted: Hosted) -> None:
    review = a_review(head_sha=hosted.head_sha)
    hosted.go_away()
    with pytest.raises(HostAway):
        await hosted.host.post_review(ORDERS, hosted.number, review)
    assert await hosted.reviews() == 0


async def test_a_post_whose_answer_was_lost_is_found(hosted: Hosted) -> None:
    review = a_review(a_comment(5, path="numbers.txt"), head_sha=hosted.head_sha)
    hosted.lose_the_next_post()
    with pytest.raises(HostAway):
        await hosted.host.post_review(ORDERS, hosted.number, review)
    found = await hosted.host.find_review(ORDERS, hosted.number, review)
    assert found is not None
    assert found.comments == 1


async def test_a_check_is_made_once_and_updated_under_its_id(hosted: Hosted) -> None:
    first = a_check(head_sha=hosted.head_sha)
    made = await hosted.host.report_check(ORDERS, first)
    ended = CheckState(status="completed", conclusion="success", title="Fine", summary="")
    again = a_check(head_sha=hosted.head_sha, host_id=made, state=ended)
    assert await hosted.host.report_check(ORDERS, again) == made
    unheard = a_check(head_sha=hosted.head_sha, attempts=1, state=ended)
    assert await hosted.host.report_check(ORDERS, unheard) == made


async def test_a_check_of_an_unknown_commit_is_refused(hosted: Hosted) -> None:
    with pytest.raises(HostRefused):
        await hosted.host.report_check(ORDERS, a_check(head_sha="c" * 40))
