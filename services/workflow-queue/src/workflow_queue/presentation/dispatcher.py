"""Starts waiting jobs as soon as there is room, in the order the database decides."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from crivo_tasks.unavailable import is_unavailable
from crivo_tasks.waiting import first_completed
from prometheus_client import Counter

from workflow_queue.application.app import App
from workflow_queue.application.ports import ConcurrentUpdate

# Notifications get lost with their connections, and retries become due in silence.
POLL_SECONDS = 0.5
AWAY_SECONDS = 2.0

Leads: TypeAlias = Callable[[], Awaitable[bool]]
Notified: TypeAlias = Callable[[float], Awaitable[None]]
_dispatched = Counter("crivo_jobs_dispatched_total", "Jobs that were handed to workers")
_log = structlog.get_logger()


async def run_dispatcher(app: App, leads: Leads, notified: Notified, stop: asyncio.Event) -> None:
    """Dispatch until `stop`, through any absence of the database."""
    while not stop.is_set():
        pause = POLL_SECONDS
        try:
            if await leads():
                dispatched = await _dispatch(app)
                _dispatched.inc(dispatched)
                pause = 0 if dispatched else POLL_SECONDS
        except ConcurrentUpdate:
            pause = 0  # one of them was superseded or cancelled meanwhile
        except Exception as problem:
            if not is_unavailable(problem):
                raise
            _log.warning("dispatcher.waiting", reason=type(problem).__name__)
            pause = AWAY_SECONDS
        if pause:
            await first_completed(notified(pause), stop.wait())


async def _dispatch(app: App) -> int:
    try:
        return await app.dispatch_waiting()
    except Exception as problem:
        if isinstance(problem, ConcurrentUpdate) or is_unavailable(problem):
            raise
        _log.exception("dispatcher.failed")
    return await app.dispatch_next()
