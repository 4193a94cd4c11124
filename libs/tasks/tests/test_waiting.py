"""Tasks end when they are told to, and nothing is left running."""

import asyncio

import pytest
from crivo_tasks.waiting import cancel_and_wait, first_completed


async def test_the_others_are_cancelled_when_the_first_completes() -> None:
    never = asyncio.ensure_future(asyncio.Event().wait())
    await first_completed(asyncio.sleep(0), never)
    assert never.cancelled()


async def test_the_error_of_the_first_is_raised() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await first_completed(broken(), asyncio.Event().wait())


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await cancel_and_wait(task)
    assert (swallowed, task.cancelled()) == (1, True)
