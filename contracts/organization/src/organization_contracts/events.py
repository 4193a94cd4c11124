"""Events of organization."""

from typing import ClassVar, Literal

from crivo_contracts.event import Event

EXCHANGE = "organization.events"


class OrganizationCreatedV1(Event):
    """A new tenant; `name` is what people call it."""

    mandatory: ClassVar[bool] = True

    type: Literal["organization.organization_created.v1"] = "organization.organization_created.v1"
    name: str
