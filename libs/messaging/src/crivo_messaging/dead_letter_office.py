"""What people do about dead letters: look, send again, give up on, each with a name to it.

A replay is at least once: it is written down, sent with the message id it had, confirmed, and only
then marked. Whoever dies in between leaves the letter open, to be sent again; a handler that has
heard it by then changes nothing, because consumers are idempotent by that id (docs/adr/0015).
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

import aio_pika
from prometheus_client import Gauge

from crivo_messaging.dead_letters import ERROR_HEADER, LETTER_HEADER, QUEUE_HEADER, DeadLetter
from crivo_messaging.publisher import Publisher
from crivo_messaging.schedule import Task, every
from crivo_messaging.topology import Topology

State: TypeAlias = Literal["open", "replayed", "discarded"]
Now: TypeAlias = Callable[[], datetime]
Position: TypeAlias = tuple[datetime, UUID]

COUNT_SECONDS = 15.0
_OF_A_DEATH = (ERROR_HEADER, QUEUE_HEADER, LETTER_HEADER)
_BROKERS_OWN = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count")

_open = Gauge("crivo_dead_letters_open", "Dead letters that nobody has dealt with")


class LetterNotFound(Exception):
    """There is no such letter, or it is somebody else's."""


class LetterChanged(Exception):
    """Somebody else did something about the letter since it was read, or it died again."""


class NotReplayable(Exception):
    """It died in no queue of ours, so there is none to send it to."""


class AlreadyDone(Exception):
    """What was done about the letter rules out what is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    action: Literal["replay", "discard"]
    by: str
    at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """A letter with how often it died and what was done about it."""

    letter: DeadLetter
    times: int
    state: State
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """The letters of an organization, and `unclaimed` ones: those that name none."""

    organization_id: UUID
    unclaimed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Absent means any."""

    state: State | None = None
    queues: Sequence[str] | None = None
    type: str | None = None


class DeadLetterDesk(Protocol):
    """The kept letters, for those who deal with them."""

    async def newest(
        self, whose: Whose, wanted: LetterFilter, *, before: Position | None, limit: int
    ) -> Sequence[KeptLetter]: ...

    async def oldest(
        self, whose: Whose, wanted: LetterFilter, *, limit: int
    ) -> Sequence[KeptLetter]: ...

    async def one(self, whose: Whose, id: UUID) -> KeptLetter:  # noqa: A002
        """Raise LetterNotFound."""
        ...

    async def mark(
        self, seen: KeptLetter, state: State, action: Action | None = None
    ) -> KeptLetter:
        """Change a letter that is as it was seen; raise LetterChanged when it is not."""
        ...

    async def count_open(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterOffice:
    desk: DeadLetterDesk
    publisher: Publisher
    queues: Sequence[str]
    now: Now

    async def replay(self, whose: Whose, id: UUID, *, by: str) -> KeptLetter:  # noqa: A002
        """Send it to the queue it died in, and to no other; one that was replayed stays so."""
        kept = await self.desk.one(whose, id)
        if kept.state == "replayed":
            return kept
        if kept.letter.queue not in self.queues:
            raise NotReplayable(f"{kept.letter.queue} is no queue of this service")
        return await self._send_again(whose, kept, by)

    async def replay_many(self, whose: Whose, wanted: LetterFilter, *, limit: int, by: str) -> int:
        """Replay the oldest that can be, so that they arrive in the order they died in."""
        queues = self.queues if wanted.queues is None else wanted.queues
        ours = LetterFilter(
            state=wanted.state,
            queues=[each for each in queues if each in self.queues],
            type=wanted.type,
        )
        replayed = 0
        for kept in await self.desk.oldest(whose, ours, limit=limit):
            try:
                await self._send_again(whose, kept, by)
            except LetterChanged:
                continue  # somebody else is at it
            replayed += 1
        return replayed

    async def discard(self, whose: Whose, id: UUID, *, by: str, reason: str) -> KeptLetter:  # noqa: A002
        kept = await self.desk.one(whose, id)
        if kept.state != "open":
            raise AlreadyDone(f"The letter is {kept.state}")
        action = Action(action="discard", by=by, at=self.now(), note=reason)
        return await self.desk.mark(kept, "discarded", action)

    async def _send_again(self, whose: Whose, kept: KeptLetter, by: str) -> KeptLetter:
        action = Action(action="replay", by=by, at=self.now())
        noted = await self.desk.mark(kept, "open", action)
        await self.publisher.put(_again(kept.letter), queue=kept.letter.queue)
        try:
            return await self.desk.mark(noted, "replayed")
        except LetterChanged:
            # It has died again already, or a second replay overtook this one: that counts.
            return await self.desk.one(whose, kept.letter.id)


@asynccontextmanager
async def open_office(
    desk: DeadLetterDesk, *, url: str, topology: Topology, others: Sequence[str] = ()
) -> AsyncIterator[DeadLetterOffice]:
    """An office that replays to the queues of `topology`; it connects when it first has to.

    `others` are queues of services without a store, whose letters are kept here.
    """
    publisher = Publisher(url, topology)
    try:
        yield DeadLetterOffice(
            desk=desk,
            publisher=publisher,
            queues=[*(each.name for each in topology.queues), *others],
            now=partial(datetime.now, UTC),
        )
    finally:
        await publisher.close()


def watch_open(desk: DeadLetterDesk) -> Task:
    """Keeps the gauge that the alert looks at."""

    async def count() -> None:
        _open.set(await desk.count_open())

    return every(COUNT_SECONDS, count, name="dead_letters.count")


def _again(letter: DeadLetter) -> aio_pika.Message:
    """The message as it was before it died, with the id of its row in case it dies again.

    One that came without an id gets that of its row, so that two replays of it are one message.
    """
    headers = {
        name: value
        for name, value in letter.headers.items()
        if name not in _OF_A_DEATH and not name.startswith(_BROKERS_OWN)
    }
    return aio_pika.Message(
        letter.body,
        headers={**headers, LETTER_HEADER: str(letter.id)},
        message_id=letter.message_id or str(letter.id),
        correlation_id=headers.get("cloudEvents:correlationid"),
        type=letter.type,
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
