"""The services behind the gateway, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gateway.application.ports import (
    Headers,
    UpstreamAway,
    UpstreamBroken,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamSlow,
)
from gateway.infrastructure.connections import BROKEN, NOT_SENT, Connections


class HttpUpstreams:
    """Implements Upstreams. Each has its own connections: one that hangs takes nobody with it."""

    def __init__(self, upstreams: Mapping[str, tuple[Connections, str]]) -> None:
        self._upstreams = {
            service: (connections, url.rstrip("/").encode())
            for service, (connections, url) in upstreams.items()
        }

    @asynccontextmanager
    async def ask(self, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
        """Raise UpstreamAway, UpstreamSlow or UpstreamBroken, also while chunks are read."""
        connections, prefix = self._upstreams[request.service]
        asking = connections.ask(request.method, request.target, request.headers, request.body)
        try:
            async with asyncio.timeout(request.seconds), asking as answer:
                yield UpstreamResponse(
                    status=answer.status,
                    headers=_relative(answer.headers, prefix),
                    chunks=answer.aiter_stream(),
                )
        except NOT_SENT as problem:
            raise UpstreamAway(request.service) from problem
        except TimeoutError as problem:
            raise UpstreamSlow(request.service) from problem
        except BROKEN as problem:
            raise UpstreamBroken(request.service) from problem


def _relative(headers: Headers, url: bytes) -> Headers:
    """No redirect shows where a service lives, or leads round the gateway."""
    return [
        (name, value.removeprefix(url) if name.lower() == b"location" else value)
        for name, value in headers
    ]
