"""Work that is due again and again, beside consumers and relays."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeAlias

import structlog

from crivo_messaging.away import is_away

Task: TypeAlias = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
_log = structlog.get_logger()


def every(seconds: float, work: Callable[[], Awaitable[object]], *, name: str) -> Task:
    """A task that does `work` until it is stopped, with a pause when there was none to do.

    `work` may return how much it did: more than nothing, and it is asked again at once. A peer
    that is away is waited for; any other error ends the process, to be seen.
    """

    async def task(stop: asyncio.Event) -> None:
        while not stop.is_set():
            did: object = None
            try:
                did = await work()
            except Exception as problem:
                if not is_away(problem):
                    raise
                _log.warning("schedule.waiting", work=name, reason=str(problem))
            if isinstance(did, int) and did > 0:
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)

    return task
