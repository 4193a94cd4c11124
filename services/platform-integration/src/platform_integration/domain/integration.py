"""What an organization has connected: code hosts and their repositories."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

GITHUB = "github"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What lets us call a code host, and know its webhooks. Never shown, never logged."""

    token: str
    webhook_secret: str

    def __repr__(self) -> str:
        return "Secrets(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """A connected code host; `api_url` has no trailing slash."""

    id: UUID
    organization_id: UUID
    platform: str
    name: str
    api_url: str
    secrets: Secrets
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository we review; `host_id` is the code host's own, stable when it is renamed."""

    id: UUID
    organization_id: UUID
    integration_id: UUID
    full_name: str
    host_id: int
    created_at: datetime
