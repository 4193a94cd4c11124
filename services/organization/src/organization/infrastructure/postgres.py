"""The transaction of the service on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from crivo_messaging.envelope import Envelope
from crivo_messaging.postgres import append
from crivo_messaging.postgres_outbox import CHANNEL as OUTBOX
from crivo_postgres.notifier import Notifier
from psycopg.errors import ForeignKeyViolation
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from organization.domain.account import (
    AlreadyThere,
    NoSuchOrganization,
    Organization,
    Role,
    User,
)
from organization.domain.api_key import ApiKey, NoSuchKey
from organization.infrastructure.published import founded
from organization.infrastructure.tables import api_keys, organizations, sign_in_failures, users

_FOUNDING_LOCK = 0x0C21_0010


class PostgresAccounts:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.envelopes: list[Envelope] = []

    async def is_empty(self) -> bool:
        lock = text("SELECT pg_advisory_xact_lock(:lock)")
        await self._connection.execute(lock, {"lock": _FOUNDING_LOCK})
        found = await self._connection.execute(select(organizations.c.id).limit(1))
        return found.first() is None

    async def found(self, organization: Organization) -> None:
        await self._connection.execute(organizations.insert().values(asdict(organization)))
        self.envelopes.append(founded(organization))

    async def add_user(self, user: User) -> None:
        try:
            with _of_an_organization():
                await self._connection.execute(users.insert().values(asdict(user)))
        except IntegrityError as problem:
            raise AlreadyThere("There is a user with this e-mail address") from problem

    async def user_of(self, email: str) -> User | None:
        # all organizations: who signs in is known by e-mail address, which is unique
        query = select(users).where(users.c.email == email)
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return User(**{**row, "role": Role(row["role"])}) if row else None

    async def keep_hash(self, user_id: UUID, password_hash: str) -> None:
        # all organizations: of the user who has just signed in
        change = update(users).where(users.c.id == user_id).values(password_hash=password_hash)
        await self._connection.execute(change)


class PostgresSignIns:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def failures_since(self, email: str, moment: datetime) -> int:
        table = sign_in_failures
        query = select(func.count()).where(table.c.email == email, table.c.at > moment)
        return int((await self._connection.execute(query)).scalar_one())

    async def note_failure(self, email: str, at: datetime) -> None:
        await self._connection.execute(sign_in_failures.insert().values(email=email, at=at))

    async def forget(self, email: str) -> None:
        table = sign_in_failures
        await self._connection.execute(delete(table).where(table.c.email == email))


class PostgresApiKeys:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, key: ApiKey) -> None:
        with _of_an_organization():
            await self._connection.execute(api_keys.insert().values(asdict(key)))

    async def get(self, id: UUID) -> ApiKey | None:  # noqa: A002
        # all organizations: a key is looked up before it is known whose it is
        query = select(api_keys).where(api_keys.c.id == id)
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return ApiKey(**{**row, "role": Role(row["role"])}) if row else None

    async def revoke(self, id: UUID, organization_id: UUID, at: datetime) -> None:  # noqa: A002
        change = (
            update(api_keys)
            .where(api_keys.c.id == id, api_keys.c.organization_id == organization_id)
            .values(revoked_at=func.coalesce(api_keys.c.revoked_at, at))
            .returning(api_keys.c.id)
        )
        if (await self._connection.execute(change)).first() is None:
            raise NoSuchKey("There is no such API key")

    async def note_use(self, id: UUID, at: datetime) -> None:  # noqa: A002
        # all organizations: of the key that was just verified
        change = update(api_keys).where(api_keys.c.id == id).values(last_used_at=at)
        await self._connection.execute(change)


@contextmanager
def _of_an_organization() -> Iterator[None]:
    """Raise NoSuchOrganization: an identity may outlive what it belongs to."""
    try:
        yield
    except IntegrityError as problem:
        if isinstance(problem.orig, ForeignKeyViolation):
            raise NoSuchOrganization("There is no such organization") from problem
        raise


class PostgresTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self.accounts = PostgresAccounts(connection)
        self.sign_ins = PostgresSignIns(connection)
        self.api_keys = PostgresApiKeys(connection)


@asynccontextmanager
async def begin(engine: AsyncEngine, notifier: Notifier) -> AsyncIterator[PostgresTransaction]:
    async with engine.begin() as connection:
        transaction = PostgresTransaction(connection)
        yield transaction
        envelopes = transaction.accounts.envelopes
        await append(connection, envelopes)
    if envelopes:
        notifier.notify(OUTBOX)
