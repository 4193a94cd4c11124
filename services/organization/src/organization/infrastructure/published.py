"""What happened here, in the words of the contracts."""

from crivo_messaging.envelope import Envelope
from organization_contracts.events import EXCHANGE, OrganizationCreatedV1

from organization.domain.account import Organization

SOURCE = "organization"


def founded(organization: Organization) -> Envelope:
    return Envelope.of(
        OrganizationCreatedV1(
            organization_id=organization.id,
            occurred_at=organization.created_at,
            name=organization.name,
        ),
        source=SOURCE,
        exchange=EXCHANGE,
        subject=str(organization.id),
    )
