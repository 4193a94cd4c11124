"""Waiting for the first of several awaitables, and cancelling tasks reliably."""

import asyncio
from collections.abc import Awaitable
from typing import Any

RETRY_SECONDS = 1.0


async def cancel_and_wait(*tasks: asyncio.Future[Any]) -> None:
    """Cancel until all are done: `asyncio.wait_for` before Python 3.12 may swallow a cancellation.

    (https://github.com/python/cpython/issues/86296, and drivers use it when they connect.)
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=RETRY_SECONDS)


async def first_completed(*waits: Awaitable[object]) -> None:
    """Return when the first one does, or raise its error; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel_and_wait(*tasks)
    for task in done:
        task.result()
