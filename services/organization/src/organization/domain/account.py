"""An organization and the people in it."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128


class Role(StrEnum):
    """From most to least; each may do what those after it may."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) <= order.index(other)


class NotAllowed(Exception):
    """The caller's role is less than this needs."""


class InvalidAccount(Exception):
    """An e-mail address or a password that cannot be one."""


class AlreadyThere(Exception):
    """There is an organization already, or a user of this address."""


class NoSuchOrganization(Exception):
    """It is not there, or not any more."""


class WrongCredentials(Exception):
    """No user has this e-mail address and this password; which of the two is not said."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong")


class TooManyFailures(Exception):
    """Somebody guesses; wait `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many failed sign-ins for this address")
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    id: UUID
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`email` is normalised; `password_hash` is Argon2's own encoded form."""

    id: UUID
    organization_id: UUID
    email: str
    password_hash: str
    role: Role
    created_at: datetime


def normalised_email(text: str) -> str:
    """Raise InvalidAccount; addresses are compared without regard to case."""
    email = text.strip().lower()
    if not EMAIL.fullmatch(email):
        raise InvalidAccount("this is not an e-mail address")
    return email


def check_password(password: str) -> None:
    """Raise InvalidAccount; length is what counts (NIST SP 800-63B, section 3.1.1)."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidAccount(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")


def require(role: Role, least: Role) -> None:
    """Raise NotAllowed."""
    if not role.includes(least):
        raise NotAllowed(f"this needs the role {least}")
