"""Cadences of repositories, as people set them."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from workflow_queue.domain.cadence import Cadence, Mode
from workflow_queue.domain.pull_request import OrganizationId, RepositoryId
from workflow_queue.infrastructure.tables import cadences


def cadence_of(mode: str, pushes: int, window_seconds: int) -> Cadence:
    return Cadence(mode=Mode(mode), pushes=pushes, window=timedelta(seconds=window_seconds))


@dataclass(frozen=True, slots=True)
class PostgresCadences:
    engine: AsyncEngine

    async def get(
        self, organization_id: OrganizationId, repository_id: RepositoryId
    ) -> Cadence | None:
        query = select(cadences.c.mode, cadences.c.pushes, cadences.c.window_seconds).where(
            cadences.c.organization_id == organization_id,
            cadences.c.repository_id == repository_id,
        )
        async with self.engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return cadence_of(*row) if row else None

    async def put(
        self, organization_id: OrganizationId, repository_id: RepositoryId, cadence: Cadence
    ) -> None:
        said = {
            "mode": cadence.mode,
            "pushes": cadence.pushes,
            "window_seconds": int(cadence.window.total_seconds()),
        }
        key = {"organization_id": organization_id, "repository_id": repository_id}
        upsert = insert(cadences).values(**key, **said)
        async with self.engine.begin() as connection:
            await connection.execute(
                upsert.on_conflict_do_update(index_elements=list(key), set_=said)
            )
