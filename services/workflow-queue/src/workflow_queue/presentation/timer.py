"""The clock of all jobs: missed deadlines, and lost workers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

import structlog
from crivo_observability.context import caused_by
from crivo_observability.traces import span
from crivo_tasks.unavailable import is_unavailable
from prometheus_client import Counter
from structlog.contextvars import bound_contextvars

from workflow_queue.application.app import App
from workflow_queue.application.dispatch_due import DispatchDue
from workflow_queue.application.ports import ConcurrentUpdate, DueJob

BATCH = 100
TICK_SECONDS = 0.5
AWAY_SECONDS = 2.0

Leads: TypeAlias = Callable[[], Awaitable[bool]]
Hears: TypeAlias = Callable[[], Awaitable[bool]]
_moved = Counter("crivo_timer_jobs_total", "Jobs the timer moved on")
_log = structlog.get_logger()


async def dispatch_due_once(app: App) -> int:
    """Move every job whose time has come, up to a batch; return how many there were."""
    due = await app.due_jobs(now=app.now(), limit=BATCH)
    for job in due:
        await _dispatch(app, job)
    return len(due)


async def _dispatch(app: App, job: DueJob) -> None:
    with (
        caused_by(correlation_id=job.correlation_id),
        span("job due", parent=job.traceparent),
        bound_contextvars(job_id=str(job.id)),
    ):
        try:
            await app.dispatch_due(DispatchDue(job_id=job.id))
        except ConcurrentUpdate:
            return  # somebody moved it meanwhile; if not far enough, it is still due
        except Exception as problem:
            if is_unavailable(problem):
                raise
            # One job that cannot be moved must not stop the clock of all others.
            _log.exception("timer.job_failed")
            return
    _moved.inc()


async def run_timer(app: App, leads: Leads, hears: Hears, stop: asyncio.Event) -> None:
    """Tick until `stop`, through any absence of the database or the broker."""
    led = False
    while not stop.is_set():
        pause = TICK_SECONDS
        try:
            leading = await leads()
            if leading:
                # A new leader does not know either who was heard before it came.
                if not (await hears() and led):
                    await app.prolong_leases()
                if await dispatch_due_once(app) == BATCH:
                    pause = 0
            led = leading
        except Exception as problem:
            if not is_unavailable(problem):
                raise
            _log.warning("timer.waiting", reason=type(problem).__name__)
            pause = AWAY_SECONDS
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
