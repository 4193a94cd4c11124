"""Whom an Authorization header speaks for."""

from dataclasses import dataclass

from crivo_web.identity import Identity, InvalidIdentity, bearer

from gateway.application.ports import Credentials, Unidentified

API_KEY_PREFIX = "crivo_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    access_tokens: Credentials
    api_keys: Credentials

    async def __call__(self, authorization: str | None) -> Identity:
        """Raise Unidentified or IdentityUnavailable."""
        try:
            text = bearer(authorization)
        except InvalidIdentity as problem:
            raise Unidentified(str(problem)) from problem
        kind = self.api_keys if text.startswith(API_KEY_PREFIX) else self.access_tokens
        return await kind.identify(text)
