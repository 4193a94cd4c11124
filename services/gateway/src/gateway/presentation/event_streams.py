"""`GET /v1/events`: changes as server-sent events, each stream from where its client left off."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from prometheus_client import Gauge

from gateway.application.identify import Identify
from gateway.application.live import (
    Gap,
    LiveAway,
    LiveEvent,
    LiveLog,
    OrganizationListens,
    ProcessListens,
    Seats,
)
from gateway.application.ports import IdentityUnavailable, Unidentified
from gateway.presentation.exchange import RETRY_AFTER, Exchange
from gateway.presentation.headers import value_of

PATH = "/v1/events"
# A client that was let go, by a restart for one, is back after so many milliseconds.
RETRY_MILLISECONDS = 2000
_BEGIN = f"retry: {RETRY_MILLISECONDS}\n".encode()
_STILL_HERE = b": still here\n\n"
# An id of a Redis Stream: two numbers of 64 bits.
_POSITION = re.compile(r"(\d{1,20})-(\d{1,20})")
_LARGEST = 2**64 - 1

_open = Gauge("crivo_live_streams", "Clients that listen to live events")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """In seconds: between heartbeats, between looks at the credentials, for a slow client."""

    heartbeat: float = 15
    credentials: float = 60
    patience: float = 30


class NoPosition(Exception):
    """This is no id that any of our events had."""


class EventStreams:
    """Every stream of this process."""

    def __init__(
        self,
        *,
        log: LiveLog,
        identify: Identify,
        seats: Seats,
        clock: Callable[[], float],
        pace: Pace,
    ) -> None:
        self._log = log
        self._identify = identify
        self._seats = seats
        self._clock = clock
        self._pace = pace
        self._ended = False
        self._waiting: set[asyncio.Timeout] = set()

    async def end_with(self, stop: asyncio.Event) -> None:
        """Let all clients go when the process stops, to go on at another."""
        await stop.wait()
        self._ended = True
        for each in self._waiting:
            each.reschedule(asyncio.get_running_loop().time())

    async def answer(self, exchange: Exchange) -> None:
        """Raise Unidentified or IdentityUnavailable before the stream begins."""
        if exchange.method != "GET":
            await exchange.refuse_method(["GET"])
            return
        try:
            await self._stream(exchange)
        except NoPosition:
            await exchange.refuse(400, "Last-Event-ID is not the id of an event")
        except OrganizationListens:
            detail = f"An organization may have {self._seats.organization} streams at a time here"
            await exchange.refuse(429, detail, RETRY_AFTER)
        except ProcessListens:
            await exchange.refuse(503, "All streams are taken now", RETRY_AFTER)
        except LiveAway as away:
            await exchange.refuse(503, str(away), RETRY_AFTER)

    async def _stream(self, exchange: Exchange) -> None:
        credentials = value_of(exchange.headers, b"authorization")
        organization = await self._organization_of(credentials)
        asked = _position(value_of(exchange.headers, b"last-event-id"))
        with self._seats.take(organization), _open.track_inprogress():
            kept = asked is not None and await self._log.keeps(organization, asked)
            position = asked if asked and kept else await self._log.newest(organization)
            first = _told("ready" if kept or asked is None else "gap", position)
            events = self._events(organization, position, credentials)
            await exchange.stream(_BEGIN + first, events, seconds=self._pace.patience)

    async def _events(
        self, organization: UUID, position: str, credentials: str | None
    ) -> AsyncIterator[bytes]:
        """Until the process stops, the log is away or the credentials are worth nothing."""
        believed = self._clock()
        try:
            while not self._ended:
                if self._clock() - believed >= self._pace.credentials:
                    if not await self._still_speaks_for(organization, credentials):
                        return
                    believed = self._clock()
                try:
                    events = await self._next(organization, position)
                except Gap:
                    position = await self._log.newest(organization)
                    yield _told("gap", position)
                    continue
                yield b"".join(map(_written, events)) or _STILL_HERE
                position = events[-1].position if events else position
        except (LiveAway, _Stopped):
            return

    async def _next(self, organization: UUID, position: str) -> Sequence[LiveEvent]:
        """Raise _Stopped when the process does meanwhile."""
        waiting = asyncio.timeout(None)
        try:
            async with waiting:
                self._waiting.add(waiting)
                return await self._log.after(organization, position, seconds=self._pace.heartbeat)
        except TimeoutError as problem:
            raise _Stopped from problem
        finally:
            self._waiting.discard(waiting)

    async def _organization_of(self, credentials: str | None) -> UUID:
        identity = await self._identify(credentials)
        if identity.organization_id is None:
            raise Unidentified("these credentials belong to no organization")
        return identity.organization_id

    async def _still_speaks_for(self, organization: UUID, credentials: str | None) -> bool:
        """A stream must not outlive its token; whoever could know may be away for a while."""
        try:
            return await self._organization_of(credentials) == organization
        except Unidentified:
            return False
        except IdentityUnavailable:
            return True


class _Stopped(Exception):
    pass


def _position(last_event_id: str | None) -> str | None:
    if last_event_id is None:
        return None
    found = _POSITION.fullmatch(last_event_id)
    if found is None or any(int(number) > _LARGEST for number in found.groups()):
        raise NoPosition
    return last_event_id


def _told(name: str, position: str) -> bytes:
    """What is said of the stream itself."""
    return _written(LiveEvent(position=position, name=name, data="{}"))


def _written(event: LiveEvent) -> bytes:
    return f"id: {event.position}\nevent: {event.name}\ndata: {event.data}\n\n".encode()
