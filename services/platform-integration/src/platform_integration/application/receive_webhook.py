"""Receive a delivery: verify before reading, then store it with its event in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypedDict
from uuid import UUID

from platform_integration.application.ports import Connected, ConnectedHosts, Now
from platform_integration.domain.webhook import (
    Delivery,
    InvalidDelivery,
    InvalidSignature,
    Notice,
    Receipt,
    Status,
    is_signed_with,
)

MAXIMUM_ID_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveWebhook:
    """`headers` have lower-case names."""

    body: bytes
    headers: Mapping[str, str]


class Deliveries(Protocol):
    async def store(self, delivery: Delivery, notice: Notice | None) -> bool:
        """Store it with its message; False when it is known. Raise CannotStore."""
        ...


class ReadNotice(Protocol):
    def __call__(self, event: str, body: bytes) -> "Notice | Ignored":
        """Raise InvalidDelivery when the body is not what the event promises."""
        ...


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that means nothing to us, and why."""

    reason: str
    action: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveWebhookHandler:
    hosts: ConnectedHosts
    deliveries: Deliveries
    read_notice: ReadNotice
    now: Now

    async def __call__(self, command: ReceiveWebhook) -> Receipt:
        signature = command.headers.get("x-hub-signature-256", "")
        host = await self._signer(command.body, signature)
        delivery_id = command.headers.get("x-github-delivery", "")
        event = command.headers.get("x-github-event", "")
        if not (0 < len(delivery_id) <= MAXIMUM_ID_LENGTH and 0 < len(event) <= MAXIMUM_ID_LENGTH):
            raise InvalidDelivery("X-GitHub-Delivery and X-GitHub-Event are needed")

        read = self.read_notice(event, command.body)
        repository_id: UUID | None = None
        if not isinstance(read, Ignored):
            repository_id = await self._repository(host, read.repository_host_id)
            if repository_id is None:
                read = Ignored(f"{read.repository_full_name} is not connected", read.action)
        delivery = Delivery(
            delivery_id=delivery_id,
            integration_id=host.integration_id,
            organization_id=host.organization_id,
            repository_id=repository_id,
            event=event,
            received_at=self.now(),
            **_outcome(read, command.body),
        )
        stored = await self.deliveries.store(delivery, None if isinstance(read, Ignored) else read)
        if not stored:
            return Receipt(delivery_id=delivery_id, status="duplicate", reason="received before")
        return Receipt(delivery_id=delivery_id, status=delivery.status, reason=delivery.reason)

    async def _signer(self, body: bytes, signature: str) -> Connected:
        if not signature:
            raise InvalidSignature("X-Hub-Signature-256 is missing")
        for look in (self.hosts.current, self.hosts.refreshed):
            for host in await look():
                if is_signed_with(host.webhook_secret, body, signature):
                    return host
        raise InvalidSignature("the signature is not made with a secret of ours")

    async def _repository(self, host: Connected, host_id: int) -> UUID | None:
        if host_id in host.repositories:
            return host.repositories[host_id]
        # It may have been connected a moment ago; whoever signs with our secret may cost a read.
        return await self.hosts.repository(host.integration_id, host_id)


class _Outcome(TypedDict):
    action: str | None
    status: Status
    reason: str | None
    body: bytes | None


def _outcome(read: Notice | Ignored, body: bytes) -> _Outcome:
    if isinstance(read, Ignored):
        return {"action": read.action, "status": "ignored", "reason": read.reason, "body": None}
    return {"action": read.action, "status": "accepted", "reason": None, "body": body}
