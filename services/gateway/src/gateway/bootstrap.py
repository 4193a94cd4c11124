"""The composition root: the one place that knows every class."""

import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache

from crivo_observability.http import ASGIApp, TracingMiddleware
from crivo_web.identity import Now, utc_now
from crivo_web.operations import with_operations
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.application.identify import Identify
from gateway.application.routes import ROUTES, Route
from gateway.infrastructure.access_tokens import AccessTokens
from gateway.infrastructure.api_keys import ApiKeys
from gateway.infrastructure.upstream import HttpUpstreams, open_client
from gateway.presentation.headers import starting_traces
from gateway.presentation.proxy import Gateway
from gateway.settings import Settings

NAME = "gateway"
REDIS_SECONDS = 0.5


@asynccontextmanager
async def open_gateway(
    settings: Settings,
    *,
    routes: Sequence[Route] = ROUTES,
    now: Now = utc_now,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[ASGIApp]:
    token_key = settings.internal_token_key.get_secret_value()
    async with AsyncExitStack() as stack:
        redis = _redis(settings)
        stack.push_async_callback(redis.aclose)
        tls = _tls()
        # Not the upstreams' pool: a crowd at organization's door keeps nobody else from signing in.
        http = await stack.enter_async_context(open_client(tls))
        organization = settings.organization_url
        access_tokens = AccessTokens(
            http, url=organization, issuer=settings.token_issuer, clock=clock
        )
        api_keys = ApiKeys(http, redis, url=organization, token_key=token_key, now=now)
        upstreams = {
            service: (await stack.enter_async_context(open_client(tls)), url)
            for service, url in _urls(settings).items()
        }
        gateway = Gateway(
            routes=routes,
            upstreams=HttpUpstreams(upstreams),
            identify=Identify(access_tokens=access_tokens, api_keys=api_keys),
            token_key=token_key,
            now=now,
        )
        checked = with_operations(gateway, {"keys": access_tokens.ready})
        yield starting_traces(TracingMiddleware(checked))


@cache
def _tls() -> ssl.SSLContext:
    """Once a process: to read all certificates takes longer than to open the rest."""
    return ssl.create_default_context()


def _urls(settings: Settings) -> dict[str, str]:
    return {
        "organization": settings.organization_url,
        "platform-integration": settings.platform_integration_url,
        "workflow-queue": settings.workflow_queue_url,
        "code-review": settings.code_review_url,
    }


def _redis(settings: Settings) -> Redis:
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
