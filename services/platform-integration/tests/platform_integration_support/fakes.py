"""A code host in memory; it passes the suite that GitHub's adapter passes."""

from collections import Counter
from dataclasses import replace

from platform_integration.application.ports import (
    HostNotFound,
    HostPullRequest,
    HostRefused,
    HostRepository,
    PostedReview,
)
from platform_integration.domain.change_set import ChangeSet, ChangeSetId
from platform_integration.domain.check_run import CheckRun
from platform_integration.domain.review import Comment, CommentableLines, Review


class MemoryHost:
    """One repository with one pull request.

    `failures` are raised one by one, before a call has an effect; `losses` after a post had one.
    """

    def __init__(self, host_id: int, proposed: ChangeSet, lines: CommentableLines) -> None:
        self._repository = HostRepository(host_id=host_id, full_name=proposed.repository_full_name)
        self._proposed = proposed
        self._lines = lines
        self.reviews: list[tuple[int, Review]] = []
        self.pull_requests: dict[int, HostPullRequest] = {}
        self.checks: dict[int, CheckRun] = {}
        self.calls: Counter[str] = Counter()
        self.failures: list[BaseException] = []
        self.losses: list[BaseException] = []

    async def repository(self, full_name: str) -> HostRepository:
        self._call("repository", full_name)
        return self._repository

    async def pull_request(self, full_name: str, number: int) -> HostPullRequest:
        self._call("pull_request", full_name)
        if number not in self.pull_requests:
            raise HostNotFound(f"{full_name}#{number}")
        return self.pull_requests[number]

    async def change_set(self, id: ChangeSetId, full_name: str) -> ChangeSet:  # noqa: A002
        self._call("change_set", full_name, id.number)
        return replace(self._proposed, id=id)

    async def commentable_lines(self, full_name: str, number: int) -> CommentableLines:
        self._call("commentable_lines", full_name, number)
        return self._lines

    async def find_review(self, full_name: str, number: int, review: Review) -> PostedReview | None:
        self._call("find_review", full_name, number)
        for posted, (_, known) in enumerate(self.reviews, 1):
            if (known.review_id, known.head_sha) == (review.review_id, review.head_sha):
                return _posted(posted, known)
        return None

    async def post_review(self, full_name: str, number: int, review: Review) -> PostedReview:
        self._call("post_review", full_name, number)
        if review.head_sha != self._proposed.id.head_sha:
            raise HostRefused("422 the commit is not part of the pull request")
        if not all(self._can_carry(each) for each in review.comments):
            raise HostRefused("422 line must be part of the diff")
        self.reviews.append((number, review))
        if self.losses:
            raise self.losses.pop(0)
        return _posted(len(self.reviews), review)

    async def report_check(self, full_name: str, check: CheckRun) -> int:
        self._call("report_check", full_name)
        if check.head_sha != self._proposed.id.head_sha:
            raise HostRefused("422 no such commit")
        if check.host_id is not None and check.host_id not in self.checks:
            raise HostNotFound(f"check {check.host_id}")
        host_id = check.host_id
        if host_id is None and check.attempts:
            host_id = next(iter(self.checks), None)
        host_id = host_id or len(self.checks) + 1
        self.checks[host_id] = check
        return host_id

    def _can_carry(self, comment: Comment) -> bool:
        ends = {comment.start_line, comment.end_line}
        return any(ends <= hunk for hunk in self._lines.get(comment.path, ()))

    def _call(self, name: str, full_name: str, number: int | None = None) -> None:
        self.calls[name] += 1
        if self.failures:
            raise self.failures.pop(0)
        if full_name != self._repository.full_name:
            raise HostNotFound(full_name)
        if number not in (None, self._proposed.id.number):
            raise HostNotFound(f"pull request {number}")


def _posted(host_id: int, review: Review) -> PostedReview:
    return PostedReview(host_id=host_id, url="http://host/review", comments=len(review.comments))
