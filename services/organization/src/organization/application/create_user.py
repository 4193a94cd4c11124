"""Another person in the organization."""

from dataclasses import dataclass
from uuid import UUID

from organization.application.ports import Begin, NewId, Now, Passwords
from organization.domain.account import Role, User, check_password, normalised_email, require


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUser:
    organization_id: UUID
    by: Role
    email: str
    password: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUserHandler:
    begin: Begin
    passwords: Passwords
    now: Now
    new_id: NewId

    async def __call__(self, command: CreateUser) -> User:
        """Nobody makes a role above their own.

        Raise NotAllowed, InvalidAccount, AlreadyThere or NoSuchOrganization.
        """
        require(command.by, Role.ADMIN)
        require(command.by, command.role)
        email = normalised_email(command.email)
        check_password(command.password)
        user = User(
            id=self.new_id(),
            organization_id=command.organization_id,
            email=email,
            password_hash=await self.passwords.hash(command.password),
            role=command.role,
            created_at=self.now(),
        )
        async with self.begin() as tx:
            await tx.accounts.add_user(user)
        return user
