"""Accounts, sessions and keys over HTTP."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from crivo_web.guards import organization_of
from crivo_web.identity import Identity
from crivo_web.pages import DEFAULT_LIMIT, MAXIMUM_LIMIT, Page, decode_cursor, page
from crivo_web.problems import InvalidCursor
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from organization.application.app import App
from organization.application.bootstrap_organization import (
    BootstrapClosed,
    BootstrapOrganization,
    Bootstrapped,
    WrongBootstrapToken,
)
from organization.application.create_api_key import CreateApiKey
from organization.application.create_user import CreateUser
from organization.application.revoke_api_key import RevokeApiKey
from organization.application.sign_in import TOKEN_LIFE, SignIn
from organization.application.views import ApiKeyView, OrganizationView, UserView
from organization.domain.account import (
    AlreadyThere,
    InvalidAccount,
    NoSuchOrganization,
    NotAllowed,
    Role,
    TooManyFailures,
    WrongCredentials,
    require,
)
from organization.domain.api_key import NoSuchKey

STATUS_OF: dict[type[Exception], int] = {
    BootstrapClosed: 404,
    WrongBootstrapToken: 401,
    WrongCredentials: 401,
    TooManyFailures: 429,
    InvalidAccount: 422,
    AlreadyThere: 409,
    NoSuchOrganization: 404,
    NotAllowed: 403,
    NoSuchKey: 404,
}

Limit = Annotated[int, QueryParameter(ge=1, le=MAXIMUM_LIMIT)]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Secret = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BootstrapRequest(_Body):
    token: Secret
    organization: Text
    email: Text
    password: Secret


class SessionRequest(_Body):
    email: Text
    password: Secret


class SessionResponse(BaseModel):
    """As in RFC 6749, section 5.1."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int = int(TOKEN_LIFE.total_seconds())


class UserRequest(_Body):
    email: Text
    password: Secret
    role: Role = Role.MEMBER


class ApiKeyRequest(_Body):
    name: Text
    role: Role = Role.MEMBER
    expires_at: AwareDatetime | None = None


class CreatedApiKey(BaseModel):
    """`key` is shown only here."""

    id: UUID
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    key: str


class CallerResponse(BaseModel):
    """`email` is absent for an API key."""

    subject: str
    role: str
    email: str | None
    organization: OrganizationView | None


class KeyToVerify(_Body):
    key: Annotated[str, Field(max_length=500)]


class VerifiedKey(BaseModel):
    active: bool
    id: UUID | None = None
    organization_id: UUID | None = None
    role: Role | None = None


# no permission: the bootstrap token is the proof
@post("/v1/bootstrap", tags=["accounts"])
async def bootstrap(data: JSONBody[BootstrapRequest], app: NamedDependency[App]) -> Bootstrapped:
    """Make the first organization and its owner; once."""
    return await app.bootstrap_organization(BootstrapOrganization(**data.model_dump()))


# no permission: everybody may sign in
@post("/v1/sessions", tags=["accounts"])
async def sign_in(data: JSONBody[SessionRequest], app: NamedDependency[App]) -> SessionResponse:
    """A short-lived access token for an e-mail address and a password."""
    return SessionResponse(access_token=await app.sign_in(SignIn(**data.model_dump())))


@get("/.well-known/jwks.json", tags=["accounts"])
async def show_jwks(jwks: NamedDependency[dict[str, Any]]) -> Response[dict[str, Any]]:
    """The keys that access tokens are verified with."""
    return Response(jwks, headers={"Cache-Control": "public, max-age=300"})


# no permission: everybody may see who they are
@get("/v1/me", tags=["accounts"])
async def show_caller(
    identity: NamedDependency[Identity], app: NamedDependency[App]
) -> CallerResponse:
    """Who this token or key belongs to."""
    organization_id = organization_of(identity)
    user = await app.views.user(organization_id, identity.subject)
    return CallerResponse(
        subject=identity.subject,
        role=identity.role,
        email=user.email if user else None,
        organization=await app.views.organization(organization_id),
    )


class UserController(Controller):
    path = "/v1/users"
    tags = ("accounts",)

    # no permission: issue "People"
    @post()
    async def create(
        self,
        data: JSONBody[UserRequest],
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
    ) -> UserView:
        made = await app.create_user(
            CreateUser(
                organization_id=organization_of(identity),
                by=role_of(identity),
                **data.model_dump(),
            )
        )
        return UserView(id=made.id, email=made.email, role=made.role, created_at=made.created_at)

    # no permission: issue "People"
    @get()
    async def list_users(
        self,
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
        cursor: FromQuery[str | None] = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[UserView]:
        require(role_of(identity), Role.ADMIN)
        rows = await app.views.users(
            organization_of(identity), before=_id_of(cursor), limit=limit + 1
        )
        return page(rows, limit, lambda last: (str(last.id),))


class ApiKeyController(Controller):
    path = "/v1/api-keys"
    tags = ("api keys",)

    # no permission: issue "People"
    @post()
    async def create(
        self,
        data: JSONBody[ApiKeyRequest],
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
    ) -> CreatedApiKey:
        key, written = await app.create_api_key(
            CreateApiKey(
                organization_id=organization_of(identity),
                by=role_of(identity),
                **data.model_dump(),
            )
        )
        return CreatedApiKey(
            id=key.id,
            name=key.name,
            role=key.role,
            created_at=key.created_at,
            expires_at=key.expires_at,
            key=written,
        )

    # no permission: issue "People"
    @get()
    async def list_keys(
        self,
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
        cursor: FromQuery[str | None] = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[ApiKeyView]:
        require(role_of(identity), Role.ADMIN)
        rows = await app.views.api_keys(
            organization_of(identity), before=_id_of(cursor), limit=limit + 1
        )
        return page(rows, limit, lambda last: (str(last.id),))

    # no permission: issue "People"
    @delete("/{key_id:uuid}")
    async def revoke(
        self,
        key_id: FromPath[UUID],
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
    ) -> None:
        """It opens nothing within half a minute, the gateway's memory."""
        await app.revoke_api_key(
            RevokeApiKey(
                organization_id=organization_of(identity), by=role_of(identity), key_id=key_id
            )
        )


@post("/internal/v1/api-keys/verify", status_code=200, tags=["internal"])
async def verify_key(data: JSONBody[KeyToVerify], app: NamedDependency[App]) -> VerifiedKey:
    key = await app.verify_api_key(data.key)
    if key is None:
        return VerifiedKey(active=False)
    return VerifiedKey(active=True, id=key.id, organization_id=key.organization_id, role=key.role)


def role_of(identity: Identity) -> Role:
    """Services have no role among people."""
    if identity.role == "service":
        raise PermissionDeniedException("For people and their API keys only")
    return Role(cast("str", identity.role))


def _id_of(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        (only,) = decode_cursor(cursor)
        return UUID(str(only))
    except ValueError as problem:
        raise InvalidCursor("Invalid cursor; use the next_cursor of a page") from problem
