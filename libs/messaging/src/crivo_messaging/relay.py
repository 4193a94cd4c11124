"""Publishes the messages of the outbox: in order per subject, concurrently across subjects."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog
from crivo_tasks.waiting import first_completed
from prometheus_client import Counter, Gauge

from crivo_messaging.envelope import Envelope
from crivo_messaging.publisher import BrokerUnavailable, Publisher, Unroutable

POLL_SECONDS = 0.5
_BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)

_published = Counter("crivo_outbox_published_total", "Messages confirmed by the broker", ["type"])
_unroutable = Counter(
    "crivo_outbox_unroutable_total", "Mandatory messages that no queue was bound to", ["type"]
)
_leading = Gauge("crivo_outbox_leading", "1 on the relay that is active")
_log = structlog.get_logger()


class StoreUnavailable(Exception):
    """The store of the outbox cannot be reached now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one subject's messages: the first `published` of them are confirmed."""

    group: Sequence[Envelope]
    published: int
    problem: BrokerUnavailable | Unroutable | None = None

    @property
    def confirmed(self) -> Sequence[Envelope]:
        return self.group[: self.published]

    @property
    def unroutable(self) -> Envelope | None:
        """The message that no queue accepted; it and the later ones of its subject wait."""
        return self.group[self.published] if isinstance(self.problem, Unroutable) else None


class Outbox(Protocol):
    """Where unpublished messages are kept. Every method may raise StoreUnavailable."""

    async def lead(self) -> bool:
        """Become, or stay, the only active relay of this store."""
        ...

    async def pending(self) -> Sequence[Sequence[Envelope]]:
        """Unpublished messages, one sequence per subject, each in order."""
        ...

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Mark the confirmed as published and postpone the unroutable; one write per batch."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when something was added, or after the time."""
        ...

    async def close(self) -> None: ...


class Relay:
    """At least once: what was confirmed but not yet settled before a crash is sent again."""

    def __init__(self, outbox: Outbox, publisher: Publisher) -> None:
        self._outbox = outbox
        self._publisher = publisher

    async def relay_once(self) -> int:
        """Publish one batch and return how many messages were confirmed."""
        groups = await self._outbox.pending()
        outcomes = await asyncio.gather(*(self._send(group) for group in groups))
        # Also when the broker became unavailable halfway: what is confirmed must not be sent again.
        await self._outbox.settle(outcomes)
        for outcome in outcomes:
            if isinstance(outcome.problem, BrokerUnavailable):
                raise outcome.problem
        return sum(outcome.published for outcome in outcomes)

    async def _send(self, group: Sequence[Envelope]) -> Outcome:
        for sent, envelope in enumerate(group):
            try:
                await self._publisher.publish(envelope)
            except Unroutable as problem:
                _unroutable.labels(envelope.type).inc()
                _log.warning("outbox.unroutable", type=envelope.type, reason=str(problem))
                return Outcome(group, sent, problem)
            except BrokerUnavailable as problem:
                return Outcome(group, sent, problem)
            _published.labels(envelope.type).inc()
        return Outcome(group, len(group))

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`, and retry while the store or the broker is unavailable."""
        try:
            await self._relay_until(stop)
        finally:
            # Also after an unexpected error: a standby relay gets the lock at once.
            await self._outbox.close()
            await self._publisher.close()

    async def _relay_until(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            try:
                if not await self._outbox.lead():
                    _leading.set(0)
                    await _pause(stop, POLL_SECONDS)
                    continue
                _leading.set(1)
                sent = await self.relay_once()
                failures = 0
                if not sent:
                    await first_completed(self._outbox.wait(POLL_SECONDS), stop.wait())
            except (BrokerUnavailable, StoreUnavailable) as problem:
                delay = _BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)]
                failures += 1
                _log.warning("outbox.waiting", reason=str(problem), seconds=delay)
                await _pause(stop, delay)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
