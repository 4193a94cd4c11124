"""Requests as the gateway would send them, and dead letters to ask for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from crivo_messaging.dead_letters import DeadLetter
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology
from crivo_observability.http import ASGIApp
from crivo_web.identity import Identity, Role, issue, utc_now
from httpx import ASGITransport, AsyncClient

KEY = "k" * 32
ORGANIZATION = UUID("019a0000-0000-7000-8000-000000000001")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
QUEUE = "test.numbers"
TOPOLOGY = Topology(
    exchanges=[Exchange("test.events")],
    queues=[
        Queue(QUEUE, (Binding("test.events", "#"),), DeadLetters("test.dlx", "test.dead-letters"))
    ],
)


def a_caller(
    service: ASGIApp, role: Role = "owner", organization_id: UUID | None = ORGANIZATION
) -> AsyncClient:
    identity = Identity(subject="ana", organization_id=organization_id, role=role, issuer="gateway")
    token = issue(identity, KEY, now=utc_now())
    return AsyncClient(
        transport=ASGITransport(service),
        base_url="http://test",
        headers={"Authorization": f"Bearer {token}"},
    )


def a_dead_letter(
    *,
    minute: int = 0,
    organization_id: UUID | None = ORGANIZATION,
    queue: str = QUEUE,
    body: bytes = b'{"token": "hunter2", "number": 7}',
) -> DeadLetter:
    return DeadLetter(
        id=uuid4(),
        organization_id=organization_id,
        message_id=str(uuid4()),
        type="test.counted.v1",
        queue=queue,
        reason="handler failed",
        error="OperationalError: password=hunter2",
        headers={"cloudEvents:type": "test.counted.v1", "authorization": "hunter2"},
        body=body,
        dead_at=NOON + timedelta(minutes=minute),
    )
