"""What operators do with dead letters: list, replay, discard; every action is recorded.

A replay is at least once: it is recorded, published with the original message id, confirmed, and
then marked. After a crash in between the dead letter is still open and can be replayed again;
consumers are idempotent by message id, so a second delivery changes nothing (docs/adr/0015).
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

import aio_pika
from crivo_tasks.schedule import Task, every
from prometheus_client import Gauge

from crivo_messaging.dead_letters import DEAD_LETTER_HEADER, ERROR_HEADER, QUEUE_HEADER, DeadLetter
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import Topology

State: TypeAlias = Literal["open", "replayed", "discarded"]
Now: TypeAlias = Callable[[], datetime]
Position: TypeAlias = tuple[datetime, UUID]

COUNT_SECONDS = 15.0
_OWN_HEADERS = (ERROR_HEADER, QUEUE_HEADER, DEAD_LETTER_HEADER)
_BROKER_HEADERS = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count")

_open = Gauge("crivo_dead_letters_open", "Dead letters that are open")


class DeadLetterNotFound(Exception):
    """No dead letter with this id in the caller's scope."""


class DeadLetterChanged(Exception):
    """The dead letter was changed, or dead-lettered again, since it was read."""


class NotReplayable(Exception):
    """Its queue is not one of this service, so it cannot be sent there."""


class NotOpen(Exception):
    """The action needs an open dead letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    action: Literal["replay", "discard"]
    by: str
    at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterRecord:
    """A stored dead letter: how often it was dead-lettered, its state and the actions taken."""

    dead_letter: DeadLetter
    times: int
    state: State
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterScope:
    """The dead letters of an organization, and optionally those without an organization."""

    organization_id: UUID
    without_organization: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterFilter:
    """An absent field matches all."""

    state: State | None = None
    queues: Sequence[str] | None = None
    type: str | None = None


class DeadLetterRepository(Protocol):
    """The stored dead letters: reading them and changing their state."""

    async def newest(
        self,
        scope: DeadLetterScope,
        criteria: DeadLetterFilter,
        *,
        before: Position | None,
        limit: int,
    ) -> Sequence[DeadLetterRecord]: ...

    async def oldest(
        self, scope: DeadLetterScope, criteria: DeadLetterFilter, *, limit: int
    ) -> Sequence[DeadLetterRecord]: ...

    async def one(self, scope: DeadLetterScope, id: UUID) -> DeadLetterRecord:  # noqa: A002
        """Raise DeadLetterNotFound."""
        ...

    async def mark(
        self, seen: DeadLetterRecord, state: State, action: Action | None = None
    ) -> DeadLetterRecord:
        """Change a dead letter that is still as `seen`; else raise DeadLetterChanged."""
        ...

    async def count_open(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterService:
    repository: DeadLetterRepository
    publisher: Publisher
    queues: Sequence[str]
    now: Now

    async def replay(self, scope: DeadLetterScope, id: UUID, *, by: str) -> DeadLetterRecord:  # noqa: A002
        """Send it to the queue it came from only; a replayed one is returned unchanged."""
        record = await self.repository.one(scope, id)
        if record.state == "replayed":
            return record
        if record.dead_letter.queue not in self.queues:
            raise NotReplayable(f"{record.dead_letter.queue} is not a queue of this service")
        return await self._republish(scope, record, by)

    async def replay_many(
        self, scope: DeadLetterScope, criteria: DeadLetterFilter, *, limit: int, by: str
    ) -> int:
        """Replay the oldest that are replayable, in the order in which they were dead-lettered."""
        queues = self.queues if criteria.queues is None else criteria.queues
        replayable = DeadLetterFilter(
            state=criteria.state,
            queues=[each for each in queues if each in self.queues],
            type=criteria.type,
        )
        replayed = 0
        for record in await self.repository.oldest(scope, replayable, limit=limit):
            try:
                await self._republish(scope, record, by)
            except DeadLetterChanged:
                continue  # another replay is running
            replayed += 1
        return replayed

    async def discard(
        self,
        scope: DeadLetterScope,
        id: UUID,  # noqa: A002
        *,
        by: str,
        reason: str,
    ) -> DeadLetterRecord:
        record = await self.repository.one(scope, id)
        if record.state != "open":
            raise NotOpen(f"The dead letter is already {record.state}")
        action = Action(action="discard", by=by, at=self.now(), note=reason)
        return await self.repository.mark(record, "discarded", action)

    async def _republish(
        self, scope: DeadLetterScope, record: DeadLetterRecord, by: str
    ) -> DeadLetterRecord:
        action = Action(action="replay", by=by, at=self.now())
        noted = await self.repository.mark(record, "open", action)
        await self.publisher.put(_original(record.dead_letter), queue=record.dead_letter.queue)
        try:
            return await self.repository.mark(noted, "replayed")
        except DeadLetterChanged:
            # Dead-lettered again, or replayed by another request: the stored state counts.
            return await self.repository.one(scope, record.dead_letter.id)


@asynccontextmanager
async def open_dead_letter_service(
    repository: DeadLetterRepository, *, url: str, topology: Topology, others: Sequence[str] = ()
) -> AsyncIterator[DeadLetterService]:
    """A service that replays to the queues of `topology`; it connects on the first replay.

    `others` are queues of services without a store, whose dead letters are stored here.
    """
    publisher = Publisher(url, topology)
    try:
        yield DeadLetterService(
            repository=repository,
            publisher=publisher,
            queues=[*(each.name for each in topology.queues), *others],
            now=partial(datetime.now, UTC),
        )
    finally:
        await publisher.close()


def watch_open(repository: DeadLetterRepository) -> Task:
    """Updates the gauge that the alert reads."""

    async def count() -> None:
        _open.set(await repository.count_open())

    return every(COUNT_SECONDS, count, name="dead_letters.count")


def _original(dead_letter: DeadLetter) -> aio_pika.Message:
    """The original message, with the id of the dead letter in case it is dead-lettered again.

    A message without an id gets that of the dead letter, so that two replays are one message.
    """
    headers = {
        name: value
        for name, value in dead_letter.headers.items()
        if name not in _OWN_HEADERS and not name.startswith(_BROKER_HEADERS)
    }
    return aio_pika.Message(
        dead_letter.body,
        headers={**headers, DEAD_LETTER_HEADER: str(dead_letter.id)},
        message_id=dead_letter.message_id or str(dead_letter.id),
        correlation_id=headers.get("cloudEvents:correlationid"),
        type=dead_letter.type,
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
