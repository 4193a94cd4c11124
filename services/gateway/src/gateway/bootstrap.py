"""The composition root: the one place that knows every class."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
)
from dataclasses import dataclass
from functools import cache

from crivo_observability.http import ASGIApp, TracingMiddleware
from crivo_web.identity import Now, utc_now
from crivo_web.operations import with_operations
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.application.identify import Identify
from gateway.application.live import Seats
from gateway.application.routes import ROUTES, Route
from gateway.infrastructure.access_tokens import AccessTokens
from gateway.infrastructure.api_keys import ApiKeys
from gateway.infrastructure.connections import Connections
from gateway.infrastructure.live_log import RedisLiveLog
from gateway.infrastructure.organization import Organization
from gateway.infrastructure.upstream import HttpUpstreams
from gateway.presentation.event_streams import EventStreams, Pace
from gateway.presentation.headers import starting_traces
from gateway.presentation.proxy import Gateway
from gateway.presentation.topology import TOPOLOGY
from gateway.settings import Settings

NAME = "gateway"
REDIS_SECONDS = 0.5
# For API keys; the streams come on top.
OTHER_CONNECTIONS = 100
PACE = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The door with what its processes run and check."""

    settings: Settings
    redis: Redis
    log: RedisLiveLog
    streams: EventStreams
    door: Gateway
    access_tokens: AccessTokens

    def api(self) -> ASGIApp:
        checked = with_operations(self.door, {"keys": self.access_tokens.ready})
        return starting_traces(TracingMiddleware(checked))

    async def end_streams(self, stop: asyncio.Event) -> None:
        await self.streams.end_with(stop)

    async def work(self, stop: asyncio.Event) -> None:
        """Write down changes until told to stop, one at a time, so that they keep their order."""
        # FastStream is many megabytes that an api does not need.
        from crivo_messaging.consumer import FailurePolicy, create_broker, run_consumers

        from gateway.presentation.consumers import consumers

        url = self.settings.rabbitmq_url.get_secret_value()
        policy = FailurePolicy(NAME, conflicts=())
        broker = create_broker(url, policy=policy, prefetch=1)
        broker.include_router(consumers(self.log))
        await run_consumers(broker, policy, TOPOLOGY, stop, url=url)

    async def redis_answers(self) -> None:
        await self.redis.ping()


@asynccontextmanager
async def open_gateway(
    settings: Settings,
    *,
    routes: Sequence[Route] = ROUTES,
    now: Now = utc_now,
    clock: Callable[[], float] = time.monotonic,
    pace: Pace = PACE,
) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        redis = _redis(settings, seconds=REDIS_SECONDS)
        stack.push_async_callback(redis.aclose)
        live = _redis(settings, seconds=None)
        stack.push_async_callback(live.aclose)
        upstreams = {
            service: (await stack.enter_async_context(_connections(url)), url)
            for service, url in _urls(settings).items()
        }
        organization = Organization(
            await stack.enter_async_context(_connections(settings.organization_url))
        )
        access_tokens = AccessTokens(organization, issuer=settings.token_issuer, clock=clock)
        api_keys = ApiKeys(organization, redis, token_key=_token_key(settings), now=now)
        identify = Identify(access_tokens=access_tokens, api_keys=api_keys)
        log = RedisLiveLog(live)
        seats = Seats(
            process=settings.live_streams, organization=settings.live_streams_per_organization
        )
        streams = EventStreams(log=log, identify=identify, seats=seats, clock=clock, pace=pace)
        door = Gateway(
            routes=routes,
            upstreams=HttpUpstreams(upstreams),
            identify=identify,
            streams=streams,
            token_key=_token_key(settings),
            now=now,
        )
        yield Service(
            settings=settings,
            redis=redis,
            log=log,
            streams=streams,
            door=door,
            access_tokens=access_tokens,
        )


def _connections(url: str) -> AbstractAsyncContextManager[Connections]:
    return aclosing(Connections(url, _tls()))


@cache
def _tls() -> ssl.SSLContext:
    """Once a process: to read all certificates takes longer than to open the rest."""
    return ssl.create_default_context()


def _token_key(settings: Settings) -> str:
    return settings.internal_token_key.get_secret_value()


def _urls(settings: Settings) -> dict[str, str]:
    return {
        "organization": settings.organization_url,
        "platform-integration": settings.platform_integration_url,
        "workflow-queue": settings.workflow_queue_url,
        "code-review": settings.code_review_url,
    }


def _redis(settings: Settings, *, seconds: float | None) -> Redis:
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=seconds,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
        # When something happens, all who listen look at once.
        max_connections=settings.live_streams + OTHER_CONNECTIONS,
    )
