"""Cadences in memory."""

from dataclasses import dataclass, field

from workflow_queue.domain.cadence import Cadence
from workflow_queue.domain.pull_request import OrganizationId, RepositoryId


@dataclass
class MemoryCadences:
    known: dict[tuple[OrganizationId, RepositoryId], Cadence] = field(default_factory=dict)

    async def get(
        self, organization_id: OrganizationId, repository_id: RepositoryId
    ) -> Cadence | None:
        return self.known.get((organization_id, repository_id))

    async def put(
        self, organization_id: OrganizationId, repository_id: RepositoryId, cadence: Cadence
    ) -> None:
        self.known[organization_id, repository_id] = cadence
