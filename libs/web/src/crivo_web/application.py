"""One way to make a service's HTTP application."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

from crivo_observability.http import ASGIApp, TracingMiddleware
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.types import ControllerRouterHandler

from crivo_web.direct import DirectRoutes, with_direct_routes
from crivo_web.guards import provide_identity, requires_identity, service_only
from crivo_web.operations import Checks, with_operations
from crivo_web.problem_responses import IsUnavailable, problem_responses

BODY_LIMIT = 1_000_000


def _never(_: BaseException) -> bool:
    return False


def create_service(
    *,
    name: str,
    version: str,
    token_key: str,
    ready: Checks,
    controllers: Sequence[ControllerRouterHandler] = (),
    internal: Sequence[ControllerRouterHandler] = (),
    public: Sequence[ControllerRouterHandler] = (),
    direct: DirectRoutes | None = None,
    status_of: Mapping[type[Exception], int] | None = None,
    is_unavailable: IsUnavailable = _never,
    dependencies: Mapping[str, Any] | None = None,
    lifespan: Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]] = (),
) -> ASGIApp:
    """The service as an ASGI application.

    `controllers` need an identity, `internal` one of a service, `public` none, and neither
    does what is `direct`. Their paths are whole (`/v1/jobs`). Dependencies are given to handlers
    by name, `identity` among them.
    """
    identified = requires_identity(token_key)
    routers: list[ControllerRouterHandler] = [
        Router("/", route_handlers=list(controllers), guards=[identified]),
        Router("/", route_handlers=list(internal), guards=[identified, service_only]),
        Router("/", route_handlers=list(public)),
    ]
    errors = problem_responses(status_of or {}, is_unavailable)
    application = Litestar(
        routers,
        dependencies={
            "identity": Provide(provide_identity),
            **{
                key: Provide(_constant(value), use_cache=True)
                for key, value in (dependencies or {}).items()
            },
        },
        exception_handlers=errors,
        openapi_config=OpenAPIConfig(title=name, version=version, path="/schema"),
        request_max_body_size=BODY_LIMIT,
        lifespan=list(lifespan),
        # Our own handler writes the log line and the problem; Litestar would write another.
        logging_config=None,
    )
    # Litestar narrows the ASGI types to its own scope class.
    routed = with_direct_routes(cast("ASGIApp", application), direct or {}, errors)
    return TracingMiddleware(with_operations(routed, ready))


def _constant(value: Any) -> Callable[[], Any]:
    async def provide() -> Any:
        return value

    return provide
