"""The one public door: from a request to the service that answers it, and back."""

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import suppress
from typing import Any

import structlog
from crivo_observability.http import Receive, Scope, Send
from crivo_observability.traces import traceparent
from crivo_web.identity import Now, issue
from crivo_web.problems import PROBLEM, problem

from gateway.application.identify import Identify
from gateway.application.ports import (
    Headers,
    IdentityUnavailable,
    Unidentified,
    UpstreamAway,
    UpstreamBroken,
    UpstreamRequest,
    UpstreamResponse,
    Upstreams,
    UpstreamSlow,
)
from gateway.application.routes import SERVICES, Route, route_of
from gateway.presentation.headers import to_client, to_service, value_of

RETRY_AFTER = (b"retry-after", b"5")
_log = structlog.get_logger()


class TooLarge(Exception):
    """More bytes came than the route takes."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class Gateway:
    """An ASGI application."""

    def __init__(
        self, *, upstreams: Upstreams, identify: Identify, token_key: str, now: Now
    ) -> None:
        self._upstreams = upstreams
        self._identify = identify
        self._token_key = token_key
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        exchange = Exchange(scope, receive, send)
        answering = asyncio.ensure_future(self._answer(exchange))
        leaving = asyncio.ensure_future(exchange.body.client_leaves())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                answering.cancel()
            with suppress(asyncio.CancelledError, ClientGone):
                await answering
        finally:
            answering.cancel()
            leaving.cancel()

    async def _answer(self, exchange: "Exchange") -> None:
        path = exchange.scope["path"]
        route = route_of(path)
        if path == "/schema":
            await exchange.answer_json(
                {service: f"/schema/{service}/openapi.json" for service in SERVICES}
            )
        elif route is None:
            await exchange.refuse(404, "There is nothing here")
        else:
            await self._through(exchange, route)

    async def _through(self, exchange: "Exchange", route: Route) -> None:
        exchange.body.most = route.most_bytes
        try:
            if exchange.body.announced > route.most_bytes:
                raise TooLarge
            headers = await self._headers(exchange, route)
            request = UpstreamRequest(
                service=route.service,
                method=exchange.scope["method"],
                target=_target(exchange.scope, route),
                headers=headers,
                body=exchange.body.chunks() if exchange.body.exists else None,
                seconds=route.seconds,
            )
            async with self._upstreams.ask(request) as response:
                await exchange.pass_on(response, route.service)
        except TooLarge:
            await exchange.refuse(413, f"A body has at most {route.most_bytes:,} bytes here")
        except Unidentified as refusal:
            await exchange.refuse(401, str(refusal), (b"www-authenticate", b"Bearer"))
        except IdentityUnavailable as refusal:
            await exchange.refuse(503, str(refusal), RETRY_AFTER)
        except UpstreamAway as away:
            await exchange.refuse(503, f"{away} cannot be reached now", RETRY_AFTER)
        except UpstreamSlow as slow:
            await exchange.refuse(504, f"{slow} did not answer in time")
        except UpstreamBroken as broken:
            await exchange.refuse(502, f"The connection to {broken} broke")

    async def _headers(self, exchange: "Exchange", route: Route) -> Headers:
        given: Headers = exchange.scope["headers"]
        headers = to_service(given)
        if not route.public:
            identity = await self._identify(value_of(given, b"authorization"))
            token = issue(identity, self._token_key, now=self._now())
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if (parent := traceparent()) is not None:
            headers.append((b"traceparent", parent.encode()))
        host, _ = exchange.scope.get("client") or ("unknown", 0)
        before = value_of(given, b"x-forwarded-for")
        headers += [
            (b"x-request-id", exchange.request_id.encode()),
            (b"x-forwarded-for", (f"{before}, {host}" if before else host).encode("latin-1")),
            (b"x-forwarded-proto", str(exchange.scope.get("scheme", "http")).encode()),
        ]
        return headers


class Body:
    """The request's body on its way: counted, and never held whole."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        length = value_of(headers, b"content-length")
        # The server has checked that it is a number.
        self.announced = int(length) if length else 0
        self.exists = self.announced > 0 or value_of(headers, b"transfer-encoding") is not None
        self.most = 0
        self._receive = receive
        self._read = asyncio.Event()
        if not self.exists:
            self._read.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raise TooLarge or ClientGone."""
        seen, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            seen += len(chunk)
            if seen > self.most:
                raise TooLarge
            if not more:
                self._read.set()
            yield chunk

    async def client_leaves(self) -> None:
        """Return when it does; before the body is read, reading it will tell."""
        await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.request_id: str = scope["state"]["request_id"]
        self.body = Body(scope["headers"], receive)
        self._send = send
        self._started = False

    async def pass_on(self, response: UpstreamResponse, service: str) -> None:
        kind = value_of(response.headers, b"content-type") or ""
        if response.status >= 500 and not kind.startswith(PROBLEM):
            _log.error("upstream.failed", upstream=service, status=response.status)
            await self.refuse(502, f"{service} failed")
            return
        await self._start(response.status, to_client(response.headers))
        async for chunk in response.chunks:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def refuse(self, status: int, detail: str, *headers: tuple[bytes, bytes]) -> None:
        """With a problem; once the answer has begun, only breaking it off can say so."""
        if self._started:
            raise ConnectionAbortedError(detail)
        body = problem(status, detail, request_id=self.request_id)
        await self._answer_whole(status, body, PROBLEM, *headers)

    async def answer_json(self, body: dict[str, Any]) -> None:
        await self._answer_whole(200, body, "application/json")

    async def _answer_whole(
        self, status: int, body: dict[str, Any], kind: str, *headers: tuple[bytes, bytes]
    ) -> None:
        content = json.dumps(body).encode()
        about = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(content))]
        await self._start(status, [*about, *headers])
        await self._send({"type": "http.response.body", "body": content})

    async def _start(self, status: int, headers: Headers) -> None:
        self._started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})


def _target(scope: Scope, route: Route) -> str:
    """The path as the client wrote it, escapes included."""
    raw: str = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", errors="replace")
    query: str = scope["query_string"].decode("latin-1")
    return route.rewritten(raw) + (f"?{query}" if query else "")


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message: MutableMapping[str, Any] = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
