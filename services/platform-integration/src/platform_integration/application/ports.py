"""What the use cases need from outside, and the errors they may meet there."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from platform_integration.domain.change_set import ChangeSet, ChangeSetId
from platform_integration.domain.check_run import CheckRun
from platform_integration.domain.comment_command import CommentCommand
from platform_integration.domain.integration import Integration, Repository
from platform_integration.domain.review import CommentableLines, Review

Now: TypeAlias = Callable[[], datetime]
NewId: TypeAlias = Callable[[], UUID]


class HostAway(Exception):
    """The code host did not answer, or with a 5xx: trying again later helps."""


class HostRateLimited(Exception):
    """The code host wants to be left alone until `retry_at`."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"rate limited until {retry_at.isoformat()}")
        self.retry_at = retry_at


class HostRefused(Exception):
    """The code host said no, and will say so again."""


class HostNotFound(HostRefused):
    """It does not exist there, or the token may not see it."""


class HostNotAllowed(Exception):
    """The address leads into a private network, which configuration forbids."""


class NotFound(Exception):
    """There is no such thing in this organization."""


class CannotOpen(Exception):
    """Sealed secrets were changed, are another row's, or their master key is not configured."""


class AlreadyConnected(Exception):
    """It is connected already."""


class ClaimedElsewhere(Exception):
    """Another worker is publishing this review right now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedReview:
    host_id: int
    url: str
    comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRepository:
    host_id: int
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPullRequest:
    """A pull request as its code host shows it now."""

    title: str
    description: str | None
    author: str
    url: str
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    draft: bool
    closed: bool
    updated_at: datetime


class CodeHost(Protocol):
    """One code host with one integration's token; any call may raise HostAway, HostRateLimited,
    HostRefused or HostNotFound."""

    async def repository(self, full_name: str) -> HostRepository: ...

    async def pull_request(self, full_name: str, number: int) -> HostPullRequest: ...

    async def change_set(self, id: ChangeSetId, full_name: str) -> ChangeSet: ...  # noqa: A002

    async def commentable_lines(self, full_name: str, number: int) -> CommentableLines: ...

    async def find_review(self, full_name: str, number: int, review: Review) -> PostedReview | None:
        """The review of this head that was posted before, by its hidden marker."""
        ...

    async def post_review(self, full_name: str, number: int, review: Review) -> PostedReview: ...

    async def report_check(self, full_name: str, check: CheckRun) -> int:
        """Create or update the check run; its id on the host."""
        ...


OpenHost: TypeAlias = Callable[[Integration], CodeHost]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveCommand:
    """What was asked for in a comment; `attempt` is how often the code host is asked with it."""

    message_id: UUID
    organization_id: UUID
    repository_id: UUID
    pull_request_number: int
    command: CommentCommand
    commanded_by: str
    delivery_id: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Where a review of a head stands: claimed by the message that publishes it, then posted.

    `review_id` is that of the first claim, whatever later ones bring; `claimed_before` says that
    somebody may have posted it and died.
    """

    repository_id: UUID
    pull_request_number: int
    head_sha: str
    review_id: UUID
    posted: PostedReview | None
    claimed_before: bool = False


class Publications(Protocol):
    async def claim(
        self, publication: Publication, *, organization_id: UUID, claimed_by: UUID, until: datetime
    ) -> Publication:
        """The stored publication, ours to post when it is not `posted` yet.

        The same delivery may claim again at once; raise ClaimedElsewhere while another's claim
        lasts.
        """
        ...

    async def posted(self, publication: Publication, posted: PostedReview) -> None: ...

    async def release(self, publication: Publication, *, claimed_by: UUID) -> None:
        """End this delivery's claim, so that the next try need not wait for it to run out."""
        ...


class CheckRuns(Protocol):
    async def add(self, check: CheckRun) -> bool:
        """False, and nothing done, when its commit has one already."""
        ...

    async def get(self, repository_id: UUID, head_sha: str) -> CheckRun | None:
        """Locked until the transaction ends."""
        ...

    async def put(self, check: CheckRun) -> None: ...

    async def settle(self, check: CheckRun) -> bool:
        """Put it if what it says is still the last word; False, and nothing done, if not."""
        ...

    async def due(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[CheckRun]:
        """Unreported ones, leased so that no other worker reports them too."""
        ...


class Connections(Protocol):
    """Integrations and repositories."""

    async def add_integration(self, integration: Integration) -> None: ...

    async def add_repository(self, repository: Repository) -> None:
        """Raise AlreadyConnected when the integration has it."""
        ...

    async def integration(self, id: UUID, organization_id: UUID) -> Integration:  # noqa: A002
        """Raise NotFound."""
        ...

    async def repository(self, id: UUID) -> tuple[Repository, Integration]:  # noqa: A002
        """Raise NotFound."""
        ...


class Transaction(Protocol):
    """Commits state and outgoing events together, or nothing."""

    @property
    def connections(self) -> Connections: ...

    @property
    def publications(self) -> Publications: ...

    @property
    def check_runs(self) -> CheckRuns: ...

    async def first_time(self, message_id: UUID, *, consumer: str) -> bool: ...

    def tell(self, event: "PublicationResult | ReviewCommanded") -> None:
        """Send it when the transaction commits."""
        ...

    def ask_again(self, command: ResolveCommand, *, at: datetime) -> None:
        """Send ourselves the command anew, not before `at`."""
        ...


Begin: TypeAlias = Callable[[], AbstractAsyncContextManager[Transaction]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCommanded:
    """Somebody asked for something, about the pull request as it was then."""

    organization_id: UUID
    integration_id: UUID
    repository_id: UUID
    repository_full_name: str
    number: int
    pull_request: HostPullRequest
    command: CommentCommand
    commanded_by: str
    delivery_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPublished:
    organization_id: UUID
    job_id: UUID
    attempt: int
    review_id: UUID
    repository_id: UUID
    pull_request_number: int
    head_sha: str
    comments: int
    url: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewNotPublished:
    """`error_class` is transient, rate_limited (with `retry_at`) or permanent."""

    organization_id: UUID
    job_id: UUID
    attempt: int
    review_id: UUID
    error_class: str
    reason: str
    retry_at: datetime | None
    at: datetime


PublicationResult: TypeAlias = ReviewPublished | ReviewNotPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What a webhook may belong to: an integration's secret, and its repositories by host id."""

    integration_id: UUID
    organization_id: UUID
    webhook_secret: bytes
    repositories: dict[int, UUID]


class ConnectedHosts(Protocol):
    """What is connected, from memory; `refreshed` reads it anew, not more than once a second."""

    async def current(self) -> Sequence[Connected]: ...

    async def refreshed(self) -> Sequence[Connected]: ...

    async def repository(self, integration_id: UUID, host_id: int) -> UUID | None:
        """As it is stored now, whatever memory says."""
        ...
