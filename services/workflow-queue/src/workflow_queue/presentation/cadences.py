"""Cadences over HTTP: every member may read them, owners and administrators set them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from crivo_web.guards import organization_of
from crivo_web.identity import Identity
from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath, JSONBody
from pydantic import BaseModel, ConfigDict, Field

from workflow_queue.application.app import App
from workflow_queue.domain.cadence import Cadence, Mode
from workflow_queue.domain.pull_request import OrganizationId, RepositoryId

MOST_PUSHES = 100
LONGEST_WINDOW_SECONDS = 7 * 24 * 3600


class CadenceRequest(BaseModel):
    """`pushes` within `window_seconds` pause a pull request in the mode auto_pause; what is left
    out is as for a repository without a cadence of its own."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    pushes: Annotated[int | None, Field(ge=1, le=MOST_PUSHES)] = None
    window_seconds: Annotated[int | None, Field(ge=1, le=LONGEST_WINDOW_SECONDS)] = None


class CadenceView(BaseModel):
    repository_id: UUID
    mode: Mode
    pushes: int
    window_seconds: int


class CadenceController(Controller):
    path = "/v1/cadences"
    tags = ("cadences",)

    # no permission: issue "People"
    @get("/{repository_id:uuid}")
    async def show_cadence(
        self,
        app: NamedDependency[App],
        identity: NamedDependency[Identity],
        repository_id: FromPath[UUID],
    ) -> CadenceView:
        """When pull requests of the repository are reviewed."""
        organization_id = OrganizationId(organization_of(identity))
        found = await app.cadences.get(organization_id, RepositoryId(repository_id))
        return _view(repository_id, found or app.default_cadence)

    # no permission: issue "People"
    @put("/{repository_id:uuid}")
    async def set_cadence(
        self,
        app: NamedDependency[App],
        identity: NamedDependency[Identity],
        repository_id: FromPath[UUID],
        data: JSONBody[CadenceRequest],
    ) -> CadenceView:
        """From the next push on; a pull request that is paused already stays so."""
        organization_id = OrganizationId(organization_of(identity))
        if identity.role not in ("owner", "admin"):
            raise PermissionDeniedException("Owners and administrators set a cadence")
        cadence = _cadence(data, app.default_cadence)
        await app.cadences.put(organization_id, RepositoryId(repository_id), cadence)
        return _view(repository_id, cadence)


def _cadence(said: CadenceRequest, default: Cadence) -> Cadence:
    return Cadence(
        mode=said.mode,
        pushes=default.pushes if said.pushes is None else said.pushes,
        window=(
            default.window
            if said.window_seconds is None
            else timedelta(seconds=said.window_seconds)
        ),
    )


def _view(repository_id: UUID, cadence: Cadence) -> CadenceView:
    return CadenceView(
        repository_id=repository_id,
        mode=cadence.mode,
        pushes=cadence.pushes,
        window_seconds=int(cadence.window.total_seconds()),
    )
