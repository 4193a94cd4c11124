"""Pooled HTTP connections to the services behind the gateway."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from gateway.application.ports import (
    UpstreamAway,
    UpstreamBroken,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamSlow,
)

CONNECT_SECONDS = 2.0
# Below the services' own, so that no connection is used that its other end is closing.
KEEP_ALIVE_SECONDS = 30.0
LIMITS = httpx.Limits(
    max_connections=400, max_keepalive_connections=100, keepalive_expiry=KEEP_ALIVE_SECONDS
)


class HttpUpstreams:
    """Implements Upstreams."""

    def __init__(self, http: httpx.AsyncClient, urls: Mapping[str, str]) -> None:
        self._http = http
        self._urls = {service: url.rstrip("/") for service, url in urls.items()}

    @asynccontextmanager
    async def ask(self, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
        """Raise UpstreamAway, UpstreamSlow or UpstreamBroken, also while chunks are read."""
        timeout = httpx.Timeout(request.seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
        wanted = self._http.build_request(
            request.method,
            self._urls[request.service] + request.target,
            headers=request.headers,
            content=request.body,
            timeout=timeout,
        )
        try:
            answer = await self._http.send(wanted, stream=True)
            try:
                yield UpstreamResponse(
                    status=answer.status_code,
                    headers=answer.headers.raw,
                    chunks=answer.aiter_raw(),
                )
            finally:
                await answer.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as problem:
            raise UpstreamAway(request.service) from problem
        except httpx.TimeoutException as problem:
            raise UpstreamSlow(request.service) from problem
        except httpx.TransportError as problem:
            raise UpstreamBroken(request.service) from problem
