from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

from workflow_queue.application.ports import AlreadyHandled, Verdict

P = ParamSpec("P")


def once(handle: Callable[P, Awaitable[Verdict]]) -> Callable[P, Awaitable[Verdict]]:
    """Of a handler that claims its message: a message it had before is a duplicate, no error."""

    @wraps(handle)
    async def handle_once(*args: P.args, **kwargs: P.kwargs) -> Verdict:
        try:
            return await handle(*args, **kwargs)
        except AlreadyHandled:
            return Verdict.DUPLICATE

    return handle_once
