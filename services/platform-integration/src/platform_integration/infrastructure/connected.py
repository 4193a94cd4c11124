"""What is connected, kept in memory for the webhook path."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncEngine

from platform_integration.application.ports import Connected
from platform_integration.domain.webhook import CannotStore
from platform_integration.infrastructure.sealing import Sealer
from platform_integration.infrastructure.tables import integrations, repositories

KEEP_SECONDS = 10.0
# Whoever sends nonsense must not make us read the database for each of it.
REFRESH_SECONDS = 1.0


class CachedConnectedHosts:
    """A webhook is verified before anything in it is believed, so every secret is a candidate."""

    def __init__(self, engine: AsyncEngine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer
        self._hosts: Sequence[Connected] = ()
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def current(self) -> Sequence[Connected]:
        return await self._read_when_older_than(KEEP_SECONDS)

    async def refreshed(self) -> Sequence[Connected]:
        return await self._read_when_older_than(REFRESH_SECONDS)

    async def repository(self, integration_id: UUID, host_id: int) -> UUID | None:
        # all organizations: a webhook names its repository within an integration
        query = select(repositories.c.id).where(
            repositories.c.integration_id == integration_id, repositories.c.host_id == host_id
        )
        with _answering():
            async with self._engine.connect() as connection:
                found: UUID | None = await connection.scalar(query)
        return found

    async def _read_when_older_than(self, seconds: float) -> Sequence[Connected]:
        if time.monotonic() - self._read_at > seconds:
            # One read for all who come meanwhile: each its own is a connection for each.
            if self._reading is None:
                self._reading = asyncio.create_task(self._remember())
            # Who gave up waiting takes it from nobody else.
            await asyncio.shield(self._reading)
        return self._hosts

    async def _remember(self) -> None:
        try:
            with _answering():
                self._hosts = await self._read()
            self._read_at = time.monotonic()
        finally:
            self._reading = None

    async def _read(self) -> Sequence[Connected]:
        async with self._engine.connect() as connection:
            # all organizations: webhooks are told apart by the secrets of all hosts
            hosts = (await connection.execute(select(integrations))).all()
            # all organizations: webhooks are told apart by the secrets of all hosts
            pairs = await connection.execute(
                select(repositories.c.integration_id, repositories.c.host_id, repositories.c.id)
            )
        by_integration: dict[UUID, dict[int, UUID]] = defaultdict(dict)
        for integration_id, host_id, repository_id in pairs:
            by_integration[integration_id][host_id] = repository_id
        return [
            Connected(
                integration_id=row.id,
                organization_id=row.organization_id,
                webhook_secret=self._sealer.open(
                    row.sealed_secrets, owner=row.id
                ).webhook_secret.encode(),
                repositories=by_integration[row.id],
            )
            for row in hosts
        ]


@contextmanager
def _answering() -> Iterator[None]:
    """Raise CannotStore for an absent database: the sender keeps the delivery."""
    try:
        yield
    except (DBAPIError, PoolExhausted, OSError) as problem:
        raise CannotStore("the database is away; please deliver again") from problem
