"""Routes in front of Litestar, where its way to a call and back would cost more than the call."""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from crivo_observability.http import ASGIApp, Receive, Scope, Send
from litestar import Request
from litestar.exceptions import ClientException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import ExceptionHandlersMap

Method: TypeAlias = str
Path: TypeAlias = str
DirectRoutes: TypeAlias = Mapping[tuple[Method, Path], ASGIApp]


def with_direct_routes(app: ASGIApp, routes: DirectRoutes, errors: ExceptionHandlersMap) -> ASGIApp:
    """Answer `routes` in front of `app`; what they raise is answered as Litestar would."""

    async def direct(scope: Scope, receive: Receive, send: Send) -> None:
        route = routes.get((scope.get("method", ""), scope.get("path", "")))
        if route is None:
            await app(scope, receive, send)
            return
        started = False

        async def sending(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await route(scope, receive, sending)
        except Exception as error:
            if started:
                raise
            request: Request[Any, Any, Any] = Request(cast("Any", scope))
            answer = next(errors[kind] for kind in type(error).__mro__ if kind in errors)
            response = answer(request, error).to_asgi_response(app=None, request=request)
            await response(cast("Any", scope), cast("Any", receive), cast("Any", send))

    return direct


async def whole_body(scope: Scope, receive: Receive, *, limit: int) -> bytes:
    """Raise RequestEntityTooLarge as soon as it is known to be more than `limit` bytes."""
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    # The server has checked that it is a number.
    if int(announced) > limit:
        raise RequestEntityTooLarge
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientException("The body did not arrive whole")
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
        size += len(chunks[-1])
        if size > limit:
            raise RequestEntityTooLarge
    return b"".join(chunks)
