"""The first organization and its owner, made once by whoever installs Crivo."""

import hmac
from dataclasses import dataclass
from uuid import UUID

from organization.application.ports import Begin, NewId, Now, Passwords
from organization.domain.account import (
    AlreadyThere,
    Organization,
    Role,
    User,
    check_password,
    normalised_email,
)


class BootstrapClosed(Exception):
    """No bootstrap token is configured."""


class WrongBootstrapToken(Exception):
    def __init__(self) -> None:
        super().__init__("The bootstrap token is wrong")


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapOrganization:
    token: str
    organization: str
    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrapped:
    organization_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapOrganizationHandler:
    begin: Begin
    passwords: Passwords
    token: str | None
    now: Now
    new_id: NewId

    async def __call__(self, command: BootstrapOrganization) -> Bootstrapped:
        """Raise BootstrapClosed, WrongBootstrapToken, InvalidAccount or AlreadyThere."""
        if self.token is None:
            raise BootstrapClosed("Bootstrapping is off: ORGANIZATION_BOOTSTRAP_TOKEN is not set")
        if not hmac.compare_digest(self.token.encode(), command.token.encode()):
            raise WrongBootstrapToken
        email = normalised_email(command.email)
        check_password(command.password)
        password_hash = await self.passwords.hash(command.password)
        organization = Organization(
            id=self.new_id(), name=command.organization, created_at=self.now()
        )
        owner = User(
            id=self.new_id(),
            organization_id=organization.id,
            email=email,
            password_hash=password_hash,
            role=Role.OWNER,
            created_at=self.now(),
        )
        async with self.begin() as tx:
            if not await tx.accounts.is_empty():
                raise AlreadyThere("An organization exists already")
            await tx.accounts.found(organization)
            await tx.accounts.add_user(owner)
        return Bootstrapped(organization_id=organization.id, user_id=owner.id)
