"""Waiting for whichever comes first, and leaving nothing behind."""

import asyncio
from collections.abc import Awaitable
from typing import Any

AGAIN_SECONDS = 1.0


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel them until they are done: `asyncio.wait_for` before Python 3.12 may swallow it.

    (https://github.com/python/cpython/issues/86296, and drivers use it when they connect.)
    """
    while going := [task for task in tasks if not task.done()]:
        for task in going:
            task.cancel()
        await asyncio.wait(going, timeout=AGAIN_SECONDS)


async def first_of(*waits: Awaitable[object]) -> None:
    """Return when one of them does, with its error if it has one; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(*tasks)
    for task in done:
        task.result()
