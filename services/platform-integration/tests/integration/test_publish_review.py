"""A review is posted once, whatever dies in between, and its check ends up right."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from platform_integration.application.ports import (
    Begin,
    ClaimedElsewhere,
    HostAway,
    HostRateLimited,
    HostRefused,
)
from platform_integration.application.publish_review import PublishReviewHandler
from platform_integration.application.report_checks import ReportChecksHandler
from platform_integration.application.say_check import SayCheck, SayCheckHandler
from platform_integration.domain.check_run import CheckState
from platform_integration.domain.integration import Repository
from platform_integration_support.builders import (
    HEAD,
    HOST_REPOSITORY,
    NOON,
    a_change_set,
    a_comment,
    a_publication,
    a_repository,
    a_review,
    an_integration,
)
from platform_integration_support.fakes import MemoryHost
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

REVIEWING = CheckState(status="in_progress", title="Reviewing", summary="under way")


@pytest.fixture
async def repository(begin: Begin) -> Repository:
    integration = an_integration()
    repository = a_repository(integration)
    async with begin() as tx:
        await tx.connections.add_integration(integration)
        await tx.connections.add_repository(repository)
    return repository


@pytest.fixture
def host() -> MemoryHost:
    return MemoryHost(HOST_REPOSITORY, a_change_set(), {"app.py": [frozenset(range(1, 20))]})


@pytest.fixture
def publish(begin: Begin, host: MemoryHost) -> PublishReviewHandler:
    return PublishReviewHandler(begin=begin, open_host=lambda _: host, now=lambda: NOON)


async def told(engine: AsyncEngine) -> list[tuple[str, dict[str, Any]]]:
    query = text("SELECT type, body FROM outbox ORDER BY position")
    async with engine.connect() as connection:
        return [(row.type, row.body) for row in await connection.execute(query)]


async def test_a_review_is_posted_and_told(
    engine: AsyncEngine, repository: Repository, host: MemoryHost, publish: PublishReviewHandler
) -> None:
    await publish(a_publication(repository, a_review(a_comment())))
    assert len(host.reviews) == 1
    assert host.calls["find_review"] == 0, "nobody can have posted it before the first claim"
    ((kind, body),) = await told(engine)
    assert kind == "platform_integration.review_published.v1"
    assert body["comments_published"] == 1


async def test_a_comment_outside_the_diff_goes_to_the_summary(
    repository: Repository, host: MemoryHost, publish: PublishReviewHandler
) -> None:
    outside = a_comment(line=99)
    await publish(a_publication(repository, a_review(a_comment(), outside)))
    ((_, review),) = host.reviews
    assert review.comments == (a_comment(),)
    assert review.summary_comments == (outside,)


async def test_the_same_command_twice_is_one_review_and_two_answers(
    engine: AsyncEngine, repository: Repository, host: MemoryHost, publish: PublishReviewHandler
) -> None:
    command = a_publication(repository, a_review(a_comment()))
    await publish(command)
    await publish(command)
    assert len(host.reviews) == 1
    assert [kind for kind, _ in await told(engine)] == [
        "platform_integration.review_published.v1"
    ] * 2


async def test_a_worker_that_died_after_posting_does_not_post_again(
    engine: AsyncEngine, repository: Repository, host: MemoryHost, publish: PublishReviewHandler
) -> None:
    command = a_publication(repository, a_review(a_comment()))
    host.losses = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await publish(command)
    assert await told(engine) == []

    await publish(command)
    assert len(host.reviews) == 1
    assert [kind for kind, _ in await told(engine)] == ["platform_integration.review_published.v1"]


@pytest.mark.parametrize("first_try_fails", [True, False])
async def test_another_review_of_the_same_head_finds_what_a_dead_worker_posted(
    repository: Repository, host: MemoryHost, publish: PublishReviewHandler, first_try_fails: bool
) -> None:
    reviews = [a_review(a_comment(), review_id=uuid7()) for _ in range(3)]
    if first_try_fails:
        host.failures = [HostAway("502")]
        await publish(a_publication(repository, reviews[0]))
    host.losses = [HostAway("the answer was lost")]
    await publish(a_publication(repository, reviews[1]))
    await publish(a_publication(repository, reviews[2]))
    assert len(host.reviews) == 1


async def test_another_delivery_waits_while_a_claim_lasts(
    engine: AsyncEngine, repository: Repository, host: MemoryHost, publish: PublishReviewHandler
) -> None:
    """The first may be at work: a relay that died before it settled publishes a command twice."""
    command = a_publication(repository, a_review(a_comment()))
    again = replace(command, claimed_by=uuid7())
    host.failures = [KeyboardInterrupt()]
    patient = PublishReviewHandler(
        begin=publish.begin, open_host=publish.open_host, now=lambda: NOON + timedelta(days=3650)
    )
    with pytest.raises(KeyboardInterrupt):
        await patient(command)
    with pytest.raises(ClaimedElsewhere):
        await publish(again)

    async with engine.begin() as connection:
        await connection.execute(text("UPDATE published_reviews SET claimed_until = now()"))
    await publish(again)
    assert len(host.reviews) == 1


async def test_a_delivery_that_is_tried_again_keeps_its_claim(
    repository: Repository, host: MemoryHost, publish: PublishReviewHandler
) -> None:
    command = a_publication(repository, a_review(a_comment()))
    patient = PublishReviewHandler(
        begin=publish.begin, open_host=publish.open_host, now=lambda: NOON + timedelta(days=3650)
    )
    host.losses = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await patient(command)

    await patient(command)
    assert len(host.reviews) == 1


@pytest.mark.parametrize(
    ("problem", "error_class"),
    [
        (HostAway("502"), "transient"),
        (HostRateLimited(NOON + timedelta(minutes=3)), "rate_limited"),
        (HostRefused("422"), "permanent"),
    ],
)
async def test_an_expected_failure_is_told_with_its_class(
    engine: AsyncEngine,
    repository: Repository,
    host: MemoryHost,
    publish: PublishReviewHandler,
    problem: Exception,
    error_class: str,
) -> None:
    host.failures = [problem]
    await publish(a_publication(repository, a_review(a_comment())))
    ((kind, body),) = await told(engine)
    assert kind == "platform_integration.review_publication_failed.v1"
    assert body["failure"]["error_class"] == error_class


async def test_a_failed_try_does_not_make_the_next_one_wait(
    repository: Repository, host: MemoryHost, publish: PublishReviewHandler
) -> None:
    review = a_review(a_comment())
    host.failures = [HostAway("502")]
    patient = PublishReviewHandler(
        begin=publish.begin, open_host=publish.open_host, now=lambda: NOON + timedelta(days=3650)
    )
    await patient(a_publication(repository, review))
    await publish(a_publication(repository, review))
    assert len(host.reviews) == 1


@pytest.mark.parametrize(
    ("outcome", "comments", "conclusion"),
    [
        ("complete", (), "success"),
        ("complete", (a_comment(),), "neutral"),
        ("partial", (), "neutral"),
        ("failed", (), "failure"),
    ],
)
async def test_the_check_ends_as_the_review_did(
    repository: Repository,
    host: MemoryHost,
    publish: PublishReviewHandler,
    outcome: str,
    comments: Any,
    conclusion: str,
) -> None:
    await publish(a_publication(repository, a_review(*comments, outcome=outcome)))
    report = ReportChecksHandler(begin=publish.begin, open_host=lambda _: host, now=lambda: NOON)
    assert await report() == 1
    assert await report() == 0
    assert [check.state.conclusion for check in host.checks.values()] == [conclusion]


async def test_a_late_word_does_not_reopen_a_check(
    repository: Repository, host: MemoryHost, publish: PublishReviewHandler
) -> None:
    command = a_publication(repository, a_review())
    await publish(command)
    say = SayCheckHandler(begin=publish.begin)
    late = SayCheck(
        organization_id=repository.organization_id,
        repository_id=repository.id,
        head_sha=HEAD,
        state=REVIEWING,
        said_by=command.job_id,
        sequence=command.sequence - 1,
    )
    await say(late)
    report = ReportChecksHandler(begin=publish.begin, open_host=lambda _: host, now=lambda: NOON)
    await report()
    assert [check.state.status for check in host.checks.values()] == ["completed"]


async def test_a_check_that_could_not_be_reported_is_tried_again_later(
    repository: Repository, host: MemoryHost, begin: Begin
) -> None:
    await SayCheckHandler(begin=begin)(
        SayCheck(
            organization_id=repository.organization_id,
            repository_id=repository.id,
            head_sha=HEAD,
            state=REVIEWING,
            said_by=uuid7(),
            sequence=1,
        )
    )
    now = NOON
    report = ReportChecksHandler(begin=begin, open_host=lambda _: host, now=lambda: now)
    host.failures = [HostAway("502")]
    assert await report() == 1
    assert await report() == 0, "not before its time"
    now = NOON + timedelta(minutes=1)
    assert await report() == 1
    assert [check.state for check in host.checks.values()] == [REVIEWING]
