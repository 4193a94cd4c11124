"""The client's end of a request: it may hang up, and be hung up on."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from litestar import Response
from litestar.response.base import ASGIResponse

from crivo_simulators.requests import AnyRequest

T = TypeVar("T")


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


async def while_connected(request: AnyRequest, work: Coroutine[Any, Any, T]) -> T:
    """Do the work; raise ClientGone when the client, whose body was read, hangs up before."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGone
    finally:
        for each in (working, leaving):
            each.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


class HangUp(Response[None]):
    """A body shorter than announced: the server closes the connection under the client."""

    def __init__(self) -> None:
        super().__init__(None)

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        return _Nothing()


class _Nothing(ASGIResponse):
    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
