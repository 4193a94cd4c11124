"""Put a review on its pull request: once per pull request and head, whatever crashes in between."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from platform_integration.application.ports import (
    Begin,
    CodeHost,
    HostAway,
    HostRateLimited,
    HostRefused,
    NotFound,
    Now,
    OpenHost,
    PostedReview,
    Publication,
    PublicationResult,
    ReviewNotPublished,
    ReviewPublished,
)
from platform_integration.application.say_check import say
from platform_integration.domain.check_run import CheckState
from platform_integration.domain.review import Review

# Longer than the calls to a code host can take, all time-outs together.
CLAIM = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReview:
    """`claimed_by` is this delivery of it: the same command may come twice, even at once."""

    claimed_by: UUID
    sequence: int
    organization_id: UUID
    job_id: UUID
    attempt: int
    repository_id: UUID
    pull_request_number: int
    review: Review


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReviewHandler:
    begin: Begin
    open_host: OpenHost
    now: Now

    async def __call__(self, command: PublishReview) -> None:
        """An expected failure becomes an event; raise ClaimedElsewhere to be asked again."""
        try:
            publication, posted, review = await self._post_once(command)
        except (HostAway, HostRateLimited, HostRefused, NotFound) as problem:
            async with self.begin() as tx:
                await tx.publications.release(_publication(command), claimed_by=command.claimed_by)
                tx.tell(self._failure(command, problem))
            return
        async with self.begin() as tx:
            await tx.publications.posted(publication, posted)
            await say(
                tx.check_runs,
                organization_id=command.organization_id,
                repository_id=command.repository_id,
                head_sha=review.head_sha,
                state=_final(review),
                said_by=command.job_id,
                sequence=command.sequence,
            )
            tx.tell(self._success(command, posted))

    async def _post_once(self, command: PublishReview) -> tuple[Publication, PostedReview, Review]:
        review, number = command.review, command.pull_request_number
        async with self.begin() as tx:
            repository, integration = await tx.connections.repository(command.repository_id)
            publication = await tx.publications.claim(
                _publication(command),
                organization_id=command.organization_id,
                claimed_by=command.claimed_by,
                until=self.now() + CLAIM,
            )
        host: CodeHost = self.open_host(integration)
        if publication.posted:
            return publication, publication.posted, review
        lines = await host.commentable_lines(repository.full_name, number)
        # Marked with the first claim's id, so that whoever comes later finds it.
        placed = replace(review.placed_on(lines), review_id=publication.review_id)
        posted = None
        if publication.claimed_before:
            # A worker that died between posting and storing has left the marker behind.
            posted = await host.find_review(repository.full_name, number, placed)
        if posted is None:
            posted = await host.post_review(repository.full_name, number, placed)
        return replace(publication, posted=posted), posted, placed

    def _success(self, command: PublishReview, posted: PostedReview) -> PublicationResult:
        return ReviewPublished(
            organization_id=command.organization_id,
            job_id=command.job_id,
            attempt=command.attempt,
            review_id=command.review.review_id,
            repository_id=command.repository_id,
            pull_request_number=command.pull_request_number,
            head_sha=command.review.head_sha,
            comments=posted.comments,
            url=posted.url,
            at=self.now(),
        )

    def _failure(self, command: PublishReview, problem: Exception) -> PublicationResult:
        retry_at = problem.retry_at if isinstance(problem, HostRateLimited) else None
        error_class = "rate_limited" if retry_at else "permanent"
        return ReviewNotPublished(
            organization_id=command.organization_id,
            job_id=command.job_id,
            attempt=command.attempt,
            review_id=command.review.review_id,
            error_class="transient" if isinstance(problem, HostAway) else error_class,
            reason=f"{type(problem).__name__}: {problem}"[:2000],
            retry_at=retry_at,
            at=self.now(),
        )


def _publication(command: PublishReview) -> Publication:
    return Publication(
        repository_id=command.repository_id,
        pull_request_number=command.pull_request_number,
        head_sha=command.review.head_sha,
        review_id=command.review.review_id,
        posted=None,
    )


def _final(review: Review) -> CheckState:
    return CheckState(
        status="completed",
        conclusion=review.conclusion,
        title=review.headline,
        summary=review.summary,
    )
