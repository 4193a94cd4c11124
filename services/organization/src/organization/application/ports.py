"""Every port of the service."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from organization.domain.account import Organization, User
from organization.domain.api_key import ApiKey


class Accounts(Protocol):
    async def is_empty(self) -> bool:
        """Whether nobody is here yet; holds off everybody else who asks, until the end."""
        ...

    async def found(self, organization: Organization) -> None:
        """Add it, with the event that tells others."""
        ...

    async def add_user(self, user: User) -> None:
        """Raise AlreadyThere or NoSuchOrganization."""
        ...

    async def user_of(self, email: str) -> User | None: ...

    async def keep_hash(self, user_id: UUID, password_hash: str) -> None: ...


class SignIns(Protocol):
    """Failures by address, so that guessing gets slow."""

    async def failures_since(self, email: str, moment: datetime) -> int: ...

    async def note_failure(self, email: str, at: datetime) -> None: ...

    async def forget(self, email: str) -> None: ...


class ApiKeys(Protocol):
    async def add(self, key: ApiKey) -> None:
        """Raise NoSuchOrganization."""
        ...

    async def get(self, id: UUID) -> ApiKey | None: ...  # noqa: A002

    async def revoke(self, id: UUID, organization_id: UUID, at: datetime) -> None:  # noqa: A002
        """Raise NoSuchKey; a revoked one stays as it is."""
        ...

    async def note_use(self, id: UUID, at: datetime) -> None: ...  # noqa: A002


class Transaction(Protocol):
    """Commits everything together, events included, or nothing."""

    @property
    def accounts(self) -> Accounts: ...

    @property
    def sign_ins(self) -> SignIns: ...

    @property
    def api_keys(self) -> ApiKeys: ...


class Passwords(Protocol):
    """Slow on purpose, and therefore off the event loop."""

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Takes as long without a hash as with one."""
        ...

    def is_outdated(self, password_hash: str) -> bool: ...


class Tokens(Protocol):
    def issue(self, user: User, now: datetime) -> str: ...


Begin: TypeAlias = Callable[[], AbstractAsyncContextManager[Transaction]]
Now: TypeAlias = Callable[[], datetime]
NewId: TypeAlias = Callable[[], UUID]
