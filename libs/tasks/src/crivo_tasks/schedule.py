"""Periodic work beside consumers and relays."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeAlias

import structlog

from crivo_tasks.unavailable import is_unavailable

Task: TypeAlias = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
_log = structlog.get_logger()


def every(seconds: float, work: Callable[[], Awaitable[object]], *, name: str) -> Task:
    """A task that repeats `work` until it is stopped, with a pause when there was nothing to do.

    `work` may return how much it did: if more than 0, it is repeated at once. While a dependency
    is unavailable it is retried; any other error ends the process.
    """

    async def task(stop: asyncio.Event) -> None:
        while not stop.is_set():
            did: object = None
            try:
                did = await work()
            except Exception as problem:
                if not is_unavailable(problem):
                    raise
                _log.warning("schedule.waiting", work=name, reason=str(problem))
            if isinstance(did, int) and did > 0:
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)

    return task
