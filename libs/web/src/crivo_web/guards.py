"""Guards of a Litestar application: authentication by identity token."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from crivo_web.identity import Identity, InvalidIdentity, bearer, verify


def requires_identity(key: str) -> Callable[[ASGIConnection, BaseRouteHandler], None]:  # type: ignore[type-arg]
    """A guard that requires a valid token and keeps its identity for handlers."""

    def guard(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        try:
            identity = verify(bearer(connection.headers.get("authorization")), key)
        except InvalidIdentity as problem:
            raise NotAuthorizedException(
                "A valid identity is needed", headers={"WWW-Authenticate": "Bearer"}
            ) from problem
        connection.state.identity = identity

    return guard


def service_only(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """A guard for /internal: only services may call it; people use /v1."""
    identity: Identity = connection.state.identity
    if identity.role != "service":
        raise PermissionDeniedException("For services only")


async def provide_identity(request: ASGIConnection) -> Identity:  # type: ignore[type-arg]
    """The `identity` a handler asks for by name."""
    return cast("Identity", request.state.identity)


def organization_of(identity: Identity) -> UUID:
    """The organization a /v1 request is about; a service has to name one in its token."""
    if identity.organization_id is None:
        raise PermissionDeniedException("This identity belongs to no organization")
    return identity.organization_id
