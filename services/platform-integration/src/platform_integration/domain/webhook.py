"""A webhook delivery: believed only when signed, stored once, and what it says in our words."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from platform_integration.domain.comment_command import CommentCommand

SIGNATURE_PREFIX = "sha256="

Status: TypeAlias = Literal["accepted", "duplicate", "ignored"]
Trigger: TypeAlias = Literal["opened", "updated", "reopened", "ready_for_review", "closed"]


class InvalidSignature(Exception):
    """The delivery is not signed, or not with a secret of ours."""


class InvalidDelivery(Exception):
    """The delivery is signed by us and still cannot be read."""


class CannotStore(Exception):
    """Nothing was stored: the sender should deliver it again."""


def is_signed_with(secret: bytes, body: bytes, signature: str) -> bool:
    """GitHub's X-Hub-Signature-256 over the raw body, compared in constant time.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest((SIGNATURE_PREFIX + expected).encode(), signature.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestNotice:
    """What a code host said of a pull request."""

    trigger: Trigger
    repository_host_id: int
    repository_full_name: str
    number: int
    title: str
    description: str | None
    author: str
    url: str
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    draft: bool
    merged: bool
    updated_at: datetime

    @property
    def action(self) -> str:
        return self.trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandNotice:
    """What somebody who may write to the repository asked for in a comment."""

    command: CommentCommand
    commanded_by: str
    repository_host_id: int
    repository_full_name: str
    number: int

    @property
    def action(self) -> str:
        return self.command


Notice: TypeAlias = PullRequestNotice | CommandNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`body` is kept only of what was accepted, to be replayed."""

    delivery_id: str
    integration_id: UUID
    organization_id: UUID
    repository_id: UUID | None
    event: str
    action: str | None
    status: Status
    reason: str | None
    body: bytes | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to a delivery."""

    delivery_id: str
    status: Status
    reason: str | None
