"""What every event and command of the platform is made of."""

from typing import ClassVar, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

OrganizationId: TypeAlias = UUID
RepositoryId: TypeAlias = UUID
JobId: TypeAlias = UUID
ReviewId: TypeAlias = UUID


class Part(BaseModel):
    """A value inside a message: immutable, and blind to fields of a later minor version."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Part):
    """The body of one message; `type` is also its CloudEvents type and its routing key.

    Subclasses narrow `type` to a literal `<publisher>.<name>.v<N>`. `mandatory` messages are the
    ones the main job cannot do without: the relay keeps one that no queue is bound to.
    """

    mandatory: ClassVar[bool] = False

    type: str
    organization_id: OrganizationId


class Event(Message):
    """Something that happened, published to all subscribers."""

    occurred_at: AwareDatetime


class Command(Message):
    """A request to one receiver, whose package owns the schema."""

    mandatory: ClassVar[bool] = True


class Failure(Part):
    """Why a step failed; `error_class` alone decides whether it is tried again.

    `transient` is retried with backoff, `rate_limited` not before `retry_at`, and anything else,
    such as `permanent`, not at all. It is a `str` on the wire, because a closed enum cannot grow.
    """

    error_class: str = Field(examples=["transient", "rate_limited", "permanent"])
    reason: str = Field(max_length=2000)
    retry_at: AwareDatetime | None = None


def wire_type(message: type[Message]) -> str:
    """The routing key of a message class."""
    name: str = message.model_fields["type"].default
    return name
