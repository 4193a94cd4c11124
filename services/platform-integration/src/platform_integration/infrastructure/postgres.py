"""The transaction of the service on PostgreSQL."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from crivo_messaging import postgres as messaging_store
from crivo_messaging.envelope import Envelope
from crivo_messaging.postgres_outbox import CHANNEL as OUTBOX
from crivo_postgres.notifier import Notifier
from sqlalchemy import Row, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from platform_integration.application.ports import (
    AlreadyConnected,
    CannotOpen,
    ClaimedElsewhere,
    NotFound,
    PostedReview,
    Publication,
    PublicationResult,
    ResolveCommand,
    ReviewCommanded,
)
from platform_integration.domain.check_run import CheckRun, CheckState
from platform_integration.domain.integration import Integration, Repository
from platform_integration.infrastructure.published import asked_again, published
from platform_integration.infrastructure.sealing import Sealer
from platform_integration.infrastructure.tables import (
    check_runs,
    integrations,
    messaging,
    published_reviews,
    repositories,
)

_log = structlog.get_logger()

# Statements of every review are put together once: SQLAlchemy takes longer for that than to run
# them. Parameters that are no column's new value have names of their own.
# all organizations: by id, which the queue's command has; callers of the API are not let here
_REPOSITORY = (
    select(*repositories.c, *integrations.c)
    .join_from(
        repositories,
        integrations,
        (integrations.c.id == repositories.c.integration_id)
        & (integrations.c.organization_id == repositories.c.organization_id),
    )
    .where(repositories.c.id == bindparam("of_id"))
)
_PUBLICATION = (
    published_reviews.c.repository_id == bindparam("of_repository_id"),
    published_reviews.c.pull_request_number == bindparam("of_pull_request_number"),
    published_reviews.c.head_sha == bindparam("of_head_sha"),
)
_CLAIM_FIRST = (
    insert(published_reviews)
    .on_conflict_do_nothing(index_elements=["repository_id", "pull_request_number", "head_sha"])
    .returning(published_reviews.c.review_id)
)
# all organizations: the repository is that of a command of the queue
_CLAIM_AGAIN = (
    update(published_reviews)
    .where(
        *_PUBLICATION,
        or_(
            published_reviews.c.host_id.is_not(None),
            published_reviews.c.claimed_by == bindparam("of_claimed_by"),
            published_reviews.c.claimed_until < func.now(),
        ),
    )
    .returning(
        published_reviews.c.review_id,
        published_reviews.c.host_id,
        published_reviews.c.url,
        published_reviews.c.comments,
    )
)
# all organizations: the repository is that of a command of the queue
_POSTED = update(published_reviews).where(*_PUBLICATION).values(posted_at=func.now())
# all organizations: the repository is that of a command of the queue
_RELEASE = (
    update(published_reviews)
    .where(*_PUBLICATION, published_reviews.c.claimed_by == bindparam("of_claimed_by"))
    .values(claimed_until=func.now())
)
_CHECK = (
    check_runs.c.repository_id == bindparam("of_repository_id"),
    check_runs.c.head_sha == bindparam("of_head_sha"),
)
# Of two at once one waits for the other's commit, and then finds that it is not the first.
_ADD_CHECK = insert(check_runs).on_conflict_do_nothing().returning(check_runs.c.sequence)
# all organizations: the repository is that of a command of the queue
_GET_CHECK = select(check_runs).where(*_CHECK).with_for_update()
_put = insert(check_runs)
_PUT_CHECK = _put.on_conflict_do_update(
    index_elements=["repository_id", "head_sha"],
    set_={column.name: _put.excluded[column.name] for column in check_runs.c},
)
# all organizations: the repository is that of a command of the queue
_SETTLE_CHECK = (
    update(check_runs)
    .where(
        *_CHECK,
        check_runs.c.said_by == bindparam("of_said_by"),
        check_runs.c.sequence == bindparam("of_sequence"),
    )
    .returning(check_runs.c.sequence)
)
# all organizations: the reporter works for all of them
_ready = (
    select(check_runs.c.repository_id, check_runs.c.head_sha)
    .where(
        check_runs.c.reported.is_(False),
        or_(
            check_runs.c.next_attempt_at.is_(None),
            check_runs.c.next_attempt_at <= bindparam("now"),
        ),
    )
    .order_by(check_runs.c.next_attempt_at.nulls_first())
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("ready")
)
# all organizations: the reporter works for all of them
_LEASE_CHECKS = (
    update(check_runs)
    .where(
        check_runs.c.repository_id == _ready.c.repository_id,
        check_runs.c.head_sha == _ready.c.head_sha,
    )
    .values(next_attempt_at=bindparam("lease_until"))
    .returning(*check_runs.c)
)


class PostgresConnections:
    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def add_integration(self, integration: Integration) -> None:
        row = {
            "id": integration.id,
            "organization_id": integration.organization_id,
            "platform": integration.platform,
            "name": integration.name,
            "api_url": integration.api_url,
            "sealed_secrets": self._sealer.seal(integration.secrets, owner=integration.id),
            "created_at": integration.created_at,
        }
        await self._connection.execute(integrations.insert().values(row))

    async def add_repository(self, repository: Repository) -> None:
        try:
            await self._connection.execute(repositories.insert().values(asdict(repository)))
        except IntegrityError as problem:
            raise AlreadyConnected(f"{repository.full_name} is connected already") from problem

    async def integration(self, id: UUID, organization_id: UUID) -> Integration:  # noqa: A002
        query = select(integrations).where(
            integrations.c.id == id, integrations.c.organization_id == organization_id
        )
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound("there is no such integration")
        return self._to_integration(row._mapping)

    async def repository(self, id: UUID) -> tuple[Repository, Integration]:  # noqa: A002
        row = (await self._connection.execute(_REPOSITORY, {"of_id": id})).one_or_none()
        if row is None:
            raise NotFound("there is no such repository")
        of_repository = len(repositories.c)
        repository = dict(zip(repositories.c.keys(), row[:of_repository], strict=True))
        integration = dict(zip(integrations.c.keys(), row[of_repository:], strict=True))
        return Repository(**repository), self._to_integration(integration)

    def _to_integration(self, row: Mapping[Any, Any]) -> Integration:
        fields = dict(row)
        sealed = fields.pop("sealed_secrets")
        try:
            secrets = self._sealer.open(sealed, owner=fields["id"])
        except CannotOpen as problem:
            _log.error("integration.sealed", integration_id=str(fields["id"]), reason=str(problem))
            raise
        return Integration(**fields, secrets=secrets)


class PostgresPublications:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(
        self, publication: Publication, *, organization_id: UUID, claimed_by: UUID, until: datetime
    ) -> Publication:
        claim = {"claimed_by": claimed_by, "claimed_until": until}
        first = {
            "repository_id": publication.repository_id,
            "pull_request_number": publication.pull_request_number,
            "head_sha": publication.head_sha,
            "organization_id": organization_id,
            "review_id": publication.review_id,
            **claim,
        }
        if (await self._connection.execute(_CLAIM_FIRST, first)).one_or_none():
            return publication
        again = {**_of(publication), "of_claimed_by": claimed_by, **claim}
        row = (await self._connection.execute(_CLAIM_AGAIN, again)).one_or_none()
        if row is None:
            raise ClaimedElsewhere(f"{publication.head_sha} is being published")
        posted = (
            None
            if row.host_id is None
            else PostedReview(host_id=row.host_id, url=row.url, comments=row.comments)
        )
        return replace(publication, review_id=row.review_id, posted=posted, claimed_before=True)

    async def posted(self, publication: Publication, posted: PostedReview) -> None:
        await self._connection.execute(_POSTED, {**_of(publication), **asdict(posted)})

    async def release(self, publication: Publication, *, claimed_by: UUID) -> None:
        ours = {**_of(publication), "of_claimed_by": claimed_by}
        await self._connection.execute(_RELEASE, ours)


def _of(publication: Publication) -> dict[str, Any]:
    return {
        "of_repository_id": publication.repository_id,
        "of_pull_request_number": publication.pull_request_number,
        "of_head_sha": publication.head_sha,
    }


class PostgresCheckRuns:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, check: CheckRun) -> bool:
        made = await self._connection.execute(_ADD_CHECK, _to_row(check))
        return made.one_or_none() is not None

    async def get(self, repository_id: UUID, head_sha: str) -> CheckRun | None:
        wanted = {"of_repository_id": repository_id, "of_head_sha": head_sha}
        row = (await self._connection.execute(_GET_CHECK, wanted)).one_or_none()
        return _to_check(row) if row else None

    async def put(self, check: CheckRun) -> None:
        await self._connection.execute(_PUT_CHECK, _to_row(check))

    async def settle(self, check: CheckRun) -> bool:
        same = {
            "of_repository_id": check.repository_id,
            "of_head_sha": check.head_sha,
            "of_said_by": check.said_by,
            "of_sequence": check.sequence,
        }
        settled = await self._connection.execute(_SETTLE_CHECK, {**same, **_to_row(check)})
        return settled.one_or_none() is not None

    async def due(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[CheckRun]:
        leased = await self._connection.execute(
            _LEASE_CHECKS, {"now": now, "lease_until": lease_until, "limit": limit}
        )
        return [_to_check(row) for row in leased.all()]


def _to_row(check: CheckRun) -> dict[str, Any]:
    row = {**asdict(check), **asdict(check.state)}
    del row["state"]
    return row


def _to_check(row: Row[Any]) -> CheckRun:
    fields = dict(row._mapping)
    state = CheckState(
        **{name: fields.pop(name) for name in ("status", "conclusion", "title", "summary")}
    )
    return CheckRun(**fields, state=state)


class PostgresTransaction:
    """Leaving it commits what was written, and the events with it."""

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self._connection = connection
        self.connections = PostgresConnections(connection, sealer)
        self.publications = PostgresPublications(connection)
        self.check_runs = PostgresCheckRuns(connection)
        self._told: list[Envelope] = []
        self._postponed: dict[UUID, datetime] = {}

    async def first_time(self, message_id: UUID, *, consumer: str) -> bool:
        return await messaging_store.first_time(
            self._connection, consumer=consumer, message_id=message_id
        )

    def tell(self, event: PublicationResult | ReviewCommanded) -> None:
        self._told.append(published(event))

    def ask_again(self, command: ResolveCommand, *, at: datetime) -> None:
        envelope = asked_again(command)
        self._told.append(envelope)
        self._postponed[envelope.id] = at

    async def flush(self) -> bool:
        await messaging_store.append(self._connection, self._told)
        outbox = messaging.outbox
        for id_, at in self._postponed.items():
            await self._connection.execute(
                update(outbox).where(outbox.c.id == id_).values(not_before=at)
            )
        return bool(self._told)


@asynccontextmanager
async def begin(
    engine: AsyncEngine, sealer: Sealer, notifier: Notifier
) -> AsyncIterator[PostgresTransaction]:
    async with engine.begin() as connection:
        transaction = PostgresTransaction(connection, sealer)
        yield transaction
        told = await transaction.flush()
    if told:
        notifier.notify(OUTBOX)
