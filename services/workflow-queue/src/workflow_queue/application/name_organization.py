from dataclasses import dataclass
from uuid import UUID

from workflow_queue.application.once import once
from workflow_queue.application.ports import Begin, Verdict
from workflow_queue.domain.pull_request import OrganizationId


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOrganization:
    message_id: UUID
    organization_id: OrganizationId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOrganizationHandler:
    begin: Begin

    @once
    async def __call__(self, command: NameOrganization) -> Verdict:
        async with self.begin() as tx:
            tx.claim(command.message_id, consumer="name_organization")
            tx.name_organization(command.organization_id, command.name)
        return Verdict.ACCEPTED
