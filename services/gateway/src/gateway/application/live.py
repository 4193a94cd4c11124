"""Changes of jobs and reviews as they happen: what is told, to whom, and how many may listen."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the outside may know of one message; `data` is JSON."""

    message_id: UUID
    organization_id: UUID
    name: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """A change at its position among those of its organization."""

    position: str
    name: str
    data: str


class LiveAway(Exception):
    """The log of changes can be neither written nor read now."""


class Gap(Exception):
    """What came after this position is not kept any more."""


class LiveLog(Protocol):
    """The latest changes of each organization, in one order for all who listen."""

    async def append(self, change: Change) -> bool:
        """False when this message is there already; raise LiveAway."""
        ...

    async def newest(self, organization_id: UUID) -> str:
        """The position after which everything is still to come; raise LiveAway."""
        ...

    async def keeps(self, organization_id: UUID, position: str) -> bool:
        """Whether nothing after it is lost; raise LiveAway."""
        ...

    async def after(
        self, organization_id: UUID, position: str, *, seconds: float
    ) -> Sequence[LiveEvent]:
        """What follows, at most some; wait so long for the first. Raise Gap or LiveAway."""
        ...


class OrganizationListens(Exception):
    """The organization has all the streams it may have."""


class ProcessListens(Exception):
    """This process serves all the streams it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """How many listen here; each takes a connection of Redis and some memory."""

    process: int
    organization: int
    _taken: Counter[UUID] = field(default_factory=Counter)

    @property
    def taken(self) -> int:
        return self._taken.total()

    @contextmanager
    def take(self, organization_id: UUID) -> Iterator[None]:
        """Raise OrganizationListens or ProcessListens."""
        if self._taken[organization_id] >= self.organization:
            raise OrganizationListens
        if self.taken >= self.process:
            raise ProcessListens
        self._taken[organization_id] += 1
        try:
            yield
        finally:
            self._taken[organization_id] -= 1
            if not self._taken[organization_id]:
                del self._taken[organization_id]
