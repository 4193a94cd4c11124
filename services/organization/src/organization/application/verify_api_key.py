"""Whose key this is, asked by the gateway."""

from dataclasses import dataclass

from organization.application.ports import Begin, Now
from organization.domain.api_key import ApiKey, parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyApiKeyHandler:
    begin: Begin
    now: Now

    async def __call__(self, text: str) -> ApiKey | None:
        """The living key of this text, or nothing."""
        known = parsed(text)
        if known is None:
            return None
        key_id, secret = known
        now = self.now()
        async with self.begin() as tx:
            key = await tx.api_keys.get(key_id)
            if key is None or not key.opens(secret, now):
                return None
            if key.is_use_worth_noting(now):
                await tx.api_keys.note_use(key_id, now)
            return key
