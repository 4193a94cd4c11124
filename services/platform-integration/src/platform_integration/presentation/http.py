"""The service's HTTP API: connections and deliveries for people, change sets for services."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from crivo_web.guards import organization_of
from crivo_web.identity import Identity
from crivo_web.pages import DEFAULT_LIMIT, MAXIMUM_LIMIT, Page, decode_cursor, page
from crivo_web.problems import InvalidCursor
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import BaseModel, ConfigDict, Field

from platform_integration.application.app import App
from platform_integration.application.connect_integration import ConnectIntegration
from platform_integration.application.connect_repository import ConnectRepository
from platform_integration.application.ports import (
    AlreadyConnected,
    HostAway,
    HostNotAllowed,
    HostNotFound,
    HostRateLimited,
    HostRefused,
    NotFound,
)
from platform_integration.application.views import DeliveryView, IntegrationView, RepositoryView
from platform_integration.domain.change_set import UnknownChangeSet
from platform_integration.domain.integration import Secrets
from platform_integration.domain.webhook import CannotStore, InvalidDelivery, InvalidSignature

STATUS_OF: dict[type[Exception], int] = {
    InvalidSignature: 401,
    InvalidDelivery: 400,
    CannotStore: 503,
    NotFound: 404,
    UnknownChangeSet: 404,
    AlreadyConnected: 409,
    HostNotAllowed: 422,
    HostNotFound: 422,
    HostRefused: 422,
    HostRateLimited: 429,
    HostAway: 503,
}

Limit = Annotated[int, QueryParameter(ge=1, le=MAXIMUM_LIMIT)]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Secret = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[\x21-\x7e]+$")]

# Neither part may be `.` or `..`, which would lead to another path of the code host's API.
_FULL_NAME = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*/\.?[A-Za-z0-9_-][A-Za-z0-9._-]*$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConnectIntegrationRequest(_Body):
    """`token` needs to read contents and write pull requests and checks."""

    platform: Literal["github"]
    name: Text
    api_url: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s\x00]+$")] = (
        "https://api.github.com"
    )
    token: Secret
    webhook_secret: Annotated[str, Field(min_length=16, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class ConnectRepositoryRequest(_Body):
    integration_id: UUID
    full_name: Annotated[str, Field(max_length=200, pattern=_FULL_NAME)]


class IntegrationController(Controller):
    path = "/v1/integrations"
    tags = ["integrations"]

    # no permission: issue "People"
    @post()
    async def connect(
        self,
        data: JSONBody[ConnectIntegrationRequest],
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
    ) -> IntegrationView:
        """Connect a code host. Its token and webhook secret are stored encrypted, never shown."""
        made = await app.connect_integration(
            ConnectIntegration(
                organization_id=organization_of(identity),
                platform=data.platform,
                name=data.name,
                api_url=data.api_url,
                secrets=Secrets(token=data.token, webhook_secret=data.webhook_secret),
            )
        )
        return IntegrationView(
            id=made.id,
            platform=made.platform,
            name=made.name,
            api_url=made.api_url,
            created_at=made.created_at,
        )

    # no permission: issue "People"
    @get()
    async def list_integrations(
        self,
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
        cursor: FromQuery[str | None] = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[IntegrationView]:
        rows = await app.views.integrations(
            organization_of(identity), before=_id_of(cursor), limit=limit + 1
        )
        return page(rows, limit, lambda last: (str(last.id),))

    # no permission: issue "People"
    @get("/{integration_id:uuid}")
    async def show(
        self,
        integration_id: FromPath[UUID],
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
    ) -> IntegrationView:
        return await app.views.integration(organization_of(identity), integration_id)


class RepositoryController(Controller):
    path = "/v1/repositories"
    tags = ["repositories"]

    # no permission: issue "People"
    @post()
    async def connect(
        self,
        data: JSONBody[ConnectRepositoryRequest],
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
    ) -> RepositoryView:
        """Connect a repository, once its code host has shown it to the integration's token."""
        made = await app.connect_repository(
            ConnectRepository(
                organization_id=organization_of(identity),
                integration_id=data.integration_id,
                full_name=data.full_name,
            )
        )
        return RepositoryView(
            id=made.id,
            integration_id=made.integration_id,
            full_name=made.full_name,
            created_at=made.created_at,
        )

    # no permission: issue "People"
    @get()
    async def list_repositories(
        self,
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
        cursor: FromQuery[str | None] = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[RepositoryView]:
        rows = await app.views.repositories(
            organization_of(identity), before=_id_of(cursor), limit=limit + 1
        )
        return page(rows, limit, lambda last: (str(last.id),))


# no permission: issue "People"
@get("/v1/webhook-deliveries", tags=["webhooks"])
async def list_deliveries(
    identity: NamedDependency[Identity],
    app: NamedDependency[App],
    status: FromQuery[Literal["accepted", "ignored"] | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[DeliveryView]:
    """Deliveries as they were received, newest first. A duplicate is not stored again."""
    before = None
    if cursor is not None:
        try:
            at, delivery_id = decode_cursor(cursor)
            before = (datetime.fromisoformat(str(at)), str(delivery_id))
        except ValueError as problem:
            raise InvalidCursor("Invalid cursor; use the next_cursor of a page") from problem
    rows = await app.views.deliveries(
        organization_of(identity), status=status, before=before, limit=limit + 1
    )
    return page(rows, limit, lambda last: (last.received_at.isoformat(), last.delivery_id))


class ChangedFileResponse(BaseModel):
    path: str
    previous_path: str | None
    status: str
    content: str | None
    omitted_reason: str | None


class ChangeSetResponse(BaseModel):
    id: str
    repository_full_name: str
    pull_request_number: int
    base_sha: str
    head_sha: str
    diff: str
    files: list[ChangedFileResponse]
    truncated: bool


@get("/internal/v1/change-sets/{change_set_id:str}", tags=["internal"])
async def show_change_set(
    change_set_id: FromPath[str], app: NamedDependency[App]
) -> ChangeSetResponse:
    """The diff of a pull request and its files at the head, by the id that events carry."""
    found = await app.read_change_set(change_set_id)
    return ChangeSetResponse(
        id=str(found.id),
        repository_full_name=found.repository_full_name,
        pull_request_number=found.id.number,
        base_sha=found.id.base_sha,
        head_sha=found.id.head_sha,
        diff=found.diff,
        files=[
            ChangedFileResponse(
                path=file.path,
                previous_path=file.previous_path,
                status=file.status,
                content=file.content,
                omitted_reason=file.omitted_reason,
            )
            for file in found.files
        ],
        truncated=found.truncated,
    )


def _id_of(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        (only,) = decode_cursor(cursor)
        return UUID(str(only))
    except ValueError as problem:
        raise InvalidCursor("Invalid cursor; use the next_cursor of a page") from problem
