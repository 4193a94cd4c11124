"""The composition root: the one place that knows every class."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from crivo_observability.http import ASGIApp, TracingMiddleware
from crivo_web.identity import Now, utc_now
from crivo_web.operations import with_operations
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.application.identify import Identify
from gateway.infrastructure.access_tokens import AccessTokens
from gateway.infrastructure.api_keys import ApiKeys
from gateway.infrastructure.upstream import LIMITS, HttpUpstreams
from gateway.presentation.proxy import Gateway
from gateway.settings import Settings

NAME = "gateway"
REDIS_SECONDS = 0.5


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, now: Now = utc_now, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[ASGIApp]:
    token_key = settings.internal_token_key.get_secret_value()
    async with AsyncExitStack() as stack:
        # Not through a proxy of the environment: the services are our neighbours.
        client = httpx.AsyncClient(limits=LIMITS, trust_env=False)
        http = await stack.enter_async_context(client)
        redis: Redis = Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        stack.push_async_callback(redis.aclose)
        organization = settings.organization_url
        access_tokens = AccessTokens(
            http, url=organization, issuer=settings.token_issuer, clock=clock
        )
        api_keys = ApiKeys(http, redis, url=organization, token_key=token_key, now=now)
        upstreams = HttpUpstreams(
            http,
            {
                "organization": organization,
                "platform-integration": settings.platform_integration_url,
                "workflow-queue": settings.workflow_queue_url,
                "code-review": settings.code_review_url,
            },
        )
        gateway = Gateway(
            upstreams=upstreams,
            identify=Identify(access_tokens=access_tokens, api_keys=api_keys),
            token_key=token_key,
            now=now,
        )
        yield TracingMiddleware(with_operations(gateway, {"keys": access_tokens.ready}))
