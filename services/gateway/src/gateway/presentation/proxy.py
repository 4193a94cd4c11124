"""The one public door: from a request to the service that answers it, and back."""

import asyncio
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from crivo_observability.http import Receive, Scope, Send
from crivo_observability.traces import traceparent
from crivo_tasks.waiting import cancel_and_wait
from crivo_web.identity import Now, issue

from gateway.application.identify import Identify
from gateway.application.ports import (
    Headers,
    IdentityUnavailable,
    Unidentified,
    UpstreamAway,
    UpstreamBroken,
    UpstreamRequest,
    Upstreams,
    UpstreamSlow,
)
from gateway.application.routes import SERVICES, Route, route_of
from gateway.presentation import event_streams
from gateway.presentation.event_streams import EventStreams
from gateway.presentation.exchange import RETRY_AFTER, ClientGone, Exchange, TooLarge
from gateway.presentation.headers import to_service, value_of

READING = ("GET", "HEAD")
# CONNECT would make a tunnel of the connection to a service, TRACE show what we tell it.
METHODS = (*READING, "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_log = structlog.get_logger()


class Gateway:
    """An ASGI application."""

    def __init__(
        self,
        *,
        routes: Sequence[Route],
        upstreams: Upstreams,
        identify: Identify,
        streams: EventStreams,
        token_key: str,
        now: Now,
    ) -> None:
        self._routes = routes
        self._upstreams = upstreams
        self._identify = identify
        self._streams = streams
        self._token_key = token_key
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        exchange = Exchange(scope, receive, send)
        answering = asyncio.create_task(self._answer(exchange))
        leaving = asyncio.create_task(exchange.body.client_leaves())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            await cancel_and_wait(answering)
            with suppress(asyncio.CancelledError, ClientGone):
                await answering
                return
            await exchange.note_gone()
        finally:
            answering.cancel()
            leaving.cancel()

    async def _answer(self, exchange: Exchange) -> None:
        """Whatever goes wrong on the way becomes a problem, here or in one of the ways."""
        try:
            await self._lead(exchange)
        except Unidentified as refusal:
            await exchange.refuse(401, str(refusal), (b"www-authenticate", b"Bearer"))
        except IdentityUnavailable as refusal:
            await exchange.refuse(503, str(refusal), RETRY_AFTER)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - the server would answer it in plain text
            _log.error("http.failed", path=exchange.path, exc_info=error)
            await exchange.refuse(500, "Internal error; the log has it under this request id")

    async def _lead(self, exchange: Exchange) -> None:
        route = route_of(exchange.path, self._routes)
        if exchange.path == "/schema":
            await _list_schemas(exchange)
        elif exchange.path == event_streams.PATH:
            await self._streams.answer(exchange)
        elif route is None:
            await exchange.refuse(404, "Not found")
        elif exchange.method not in METHODS:
            await exchange.refuse_method(METHODS)
        else:
            await self._through(exchange, route)

    async def _through(self, exchange: Exchange, route: Route) -> None:
        try:
            await self._ask(exchange, route)
        except TooLarge:
            await exchange.refuse(413, f"A body has at most {route.most_bytes:,} bytes here")
        except UpstreamAway as away:
            await exchange.refuse(503, f"{away} cannot be reached now", RETRY_AFTER)
        except UpstreamSlow as slow:
            if exchange.body.awaited:
                await exchange.refuse(408, f"The body did not arrive in {route.seconds:g} seconds")
            else:
                await exchange.refuse(504, f"{slow} did not answer in time")
        except UpstreamBroken as broken:
            await exchange.refuse(502, f"The connection to {broken} broke")

    async def _ask(self, exchange: Exchange, route: Route) -> None:
        body = exchange.body
        body.most = route.most_bytes
        if body.announced > route.most_bytes:
            raise TooLarge
        query = b"?" + exchange.query if exchange.query else b""
        request = UpstreamRequest(
            service=route.service,
            method=exchange.method,
            target=route.rewritten(exchange.path).encode("ascii") + query,
            headers=await self._headers(exchange, route),
            body=body.chunks() if body.exists else None,
            seconds=route.seconds,
        )
        async with self._upstreams.ask(request) as response:
            await exchange.pass_on(response, route.service)

    async def _headers(self, exchange: Exchange, route: Route) -> Headers:
        headers = to_service(exchange.headers)
        if not route.public:
            identity = await self._identify(value_of(exchange.headers, b"authorization"))
            token = issue(identity, self._token_key, now=self._now())
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if (parent := traceparent()) is not None:
            headers.append((b"traceparent", parent.encode()))
        headers += [
            (b"x-request-id", exchange.request_id.encode()),
            (b"x-forwarded-for", exchange.client.encode("latin-1")),
            (b"x-forwarded-proto", exchange.scheme.encode("latin-1")),
        ]
        return headers


async def _list_schemas(exchange: Exchange) -> None:
    if exchange.method in READING:
        await exchange.answer_json({each: f"/schema/{each}/openapi.json" for each in SERVICES})
    else:
        await exchange.refuse_method(READING)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message: MutableMapping[str, Any] = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
