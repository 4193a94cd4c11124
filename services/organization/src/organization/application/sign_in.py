"""A password for a short-lived token."""

from dataclasses import dataclass
from datetime import timedelta

from organization.application.ports import Begin, Now, Passwords, Tokens
from organization.domain.account import (
    InvalidAccount,
    TooManyFailures,
    User,
    WrongCredentials,
    normalised_email,
)

MOST_FAILURES = 10
WINDOW = timedelta(minutes=15)
TOKEN_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInHandler:
    begin: Begin
    passwords: Passwords
    tokens: Tokens
    now: Now

    async def __call__(self, command: SignIn) -> str:
        """An access token; raise WrongCredentials or TooManyFailures."""
        try:
            email = normalised_email(command.email)
        except InvalidAccount:
            raise WrongCredentials from None
        user = await self._user(email)
        # Between two transactions: it takes long, and nothing may wait for it.
        known = user.password_hash if user else None
        if not await self.passwords.matches(command.password, known) or user is None:
            async with self.begin() as tx:
                await tx.sign_ins.note_failure(email, self.now())
            raise WrongCredentials
        new_hash = None
        if self.passwords.is_outdated(user.password_hash):
            new_hash = await self.passwords.hash(command.password)
        async with self.begin() as tx:
            await tx.sign_ins.forget(email)
            if new_hash is not None:
                await tx.accounts.keep_hash(user.id, new_hash)
        return self.tokens.issue(user, self.now())

    async def _user(self, email: str) -> User | None:
        async with self.begin() as tx:
            failures = await tx.sign_ins.failures_since(email, self.now() - WINDOW)
            if failures >= MOST_FAILURES:
                raise TooManyFailures(int(WINDOW.total_seconds()))
            return await tx.accounts.user_of(email)
