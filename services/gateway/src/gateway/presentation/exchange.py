"""One request and its answer, neither of them ever held whole."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from crivo_observability.http import EVENT_STREAM, Receive, Scope, Send
from crivo_web.problems import PROBLEM, problem

from gateway.application.ports import Headers, UpstreamResponse
from gateway.presentation.headers import of_refusal, to_client, value_of

# As nginx counts those who did not wait.
CLIENT_GONE = 499
RETRY_AFTER = (b"retry-after", b"5")
_WITHOUT_CONTENT = (204, 304)
_log = structlog.get_logger()


class TooLarge(Exception):
    """More bytes came than the route takes."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class Body:
    """The request's body on its way: counted, and passed on as it comes."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        length = value_of(headers, b"content-length")
        # The server has checked that it is a number.
        self.announced = int(length) if length else 0
        self.exists = self.announced > 0 or value_of(headers, b"transfer-encoding") is not None
        self.most = 0
        self.awaited = False
        self._receive = receive
        self._read = asyncio.Event()
        if not self.exists:
            self._read.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raise TooLarge or ClientGone."""
        seen, more = 0, True
        while more:
            self.awaited = True
            message = await self._receive()
            self.awaited = False
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
    """What a request says, and the ways to answer it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.headers: Headers = scope["headers"]
        # As the client wrote them, escapes included.
        self.path: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        self.query: bytes = scope["query_string"]
        self.request_id: str = scope["state"]["request_id"]
        self.client: str = (scope.get("client") or ("unknown", 0))[0]
        self.scheme: str = scope.get("scheme", "http")
        self.body = Body(scope["headers"], receive)
        self._send = send
        self._started = False

    async def pass_on(self, response: UpstreamResponse, service: str) -> None:
        if response.status >= 400 and not _is_problem(response.headers):
            await self._explain(response, service)
            return
        headers = to_client(response.headers)
        if response.status in _WITHOUT_CONTENT:
            # A 304 may tell the length of what it does not send; our server would wait for it.
            headers = [each for each in headers if each[0].lower() != b"content-length"]
        await self._start(response.status, headers)
        async for chunk in response.chunks:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def stream(self, first: bytes, chunks: AsyncIterator[bytes], *, seconds: float) -> None:
        """Events as they come; raise ClientGone when the client takes none for so long."""
        # A proxy in between must neither keep nor collect them.
        headers = [EVENT_STREAM, (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
        await self._start(200, headers)
        await self._send({"type": "http.response.body", "body": first, "more_body": True})
        async for chunk in chunks:
            try:
                async with asyncio.timeout(seconds):
                    body = {"type": "http.response.body", "body": chunk, "more_body": True}
                    await self._send(body)
            except TimeoutError as problem:
                raise ClientGone from problem
        await self._send({"type": "http.response.body", "body": b""})

    async def refuse(self, status: int, detail: str, *headers: tuple[bytes, bytes]) -> None:
        """With a problem; once the answer has begun, only breaking it off can say so."""
        if self._started:
            raise ConnectionAbortedError(detail)
        body = problem(status, detail, request_id=self.request_id)
        await self._answer_whole(status, body, PROBLEM, *headers)

    async def refuse_method(self, allowed: Sequence[str]) -> None:
        allow = (b"allow", ", ".join(allowed).encode())
        await self.refuse(405, f"{self.method} is not possible here", allow)

    async def answer_json(self, body: dict[str, Any]) -> None:
        await self._answer_whole(200, body, "application/json")

    async def note_gone(self) -> None:
        """Nobody hears it but the log and the metrics, which would else count a failure of ours."""
        if not self._started:
            await self._start(CLIENT_GONE, [])

    async def _explain(self, response: UpstreamResponse, service: str) -> None:
        """An error that is not a problem comes from a server below the service's own code."""
        _log.warning("upstream.failed", upstream=service, status=response.status)
        status = 502 if response.status >= 500 and response.status != 503 else response.status
        did = "refused this" if status < 500 else "failed"
        await self.refuse(status, f"{service} {did}", *of_refusal(response.headers))

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


def _is_problem(headers: Headers) -> bool:
    kind, _, _ = (value_of(headers, b"content-type") or "").partition(";")
    return kind.strip().lower() == PROBLEM
