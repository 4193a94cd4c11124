"""The other services, played by a test on a real broker."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import aio_pika
import code_review_contracts.events as review
import platform_integration_contracts.events as platform
from crivo_contracts.event import Failure, Message
from crivo_messaging.envelope import Envelope
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import declare_at
from workflow_queue.bootstrap import Service
from workflow_queue.domain.pull_request import OrganizationId
from workflow_queue.presentation.topology import TOPOLOGY
from workflow_queue_support.builders import NOON, ORGANIZATION, REPOSITORY, a_pull_request, a_ref

REVIEW = UUID("019a0000-0000-7000-8000-0000000000aa")
DEADLINE_SECONDS = 60
EXCHANGES = ("workflow.exchange", "platform_integration.commands", "code_review.commands")


class Peers:
    """Says what other services would say, and hears all that this service sends."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def next(self, name: str) -> dict[str, Any]:
        """The next message of this type; others before it are let pass."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                message = await self.heard.get()
                if message["type"].split(".")[1] == name:
                    return message

    async def say(self, message: Message, *, exchange: str) -> Envelope:
        envelope = Envelope.of(message, source="test", exchange=exchange, subject="s")
        await self.repeat(envelope)
        return envelope

    async def repeat(self, envelope: Envelope) -> None:
        await self._publisher.publish(envelope)

    async def opened(
        self,
        *,
        draft: bool = False,
        number: int = 7,
        organization_id: OrganizationId = ORGANIZATION,
    ) -> Envelope:
        event = platform.PullRequestOpenedV1(
            organization_id=organization_id,
            occurred_at=NOON,
            pull_request=_pull_request("a" * 40, minute=0, draft=draft, number=number),
            change_set_id=a_pull_request("a" * 40).change_set_id,
            trigger="opened",
        )
        return await self.say(event, exchange=platform.EXCHANGE)

    async def updated(self) -> Envelope:
        event = platform.PullRequestUpdatedV1(
            organization_id=ORGANIZATION,
            occurred_at=NOON,
            pull_request=_pull_request("b" * 40, minute=1),
            change_set_id=a_pull_request("b" * 40).change_set_id,
        )
        return await self.say(event, exchange=platform.EXCHANGE)

    async def commanded(self, command: str = "review", *, minute: int = 0) -> Envelope:
        event = platform.ReviewCommandedV1(
            organization_id=ORGANIZATION,
            occurred_at=NOON,
            pull_request=_pull_request("a" * 40, minute=minute),
            change_set_id=a_pull_request("a" * 40).change_set_id,
            command=command,
            commanded_by="ana",
            delivery_id=f"delivery of minute {minute}",
        )
        return await self.say(event, exchange=platform.EXCHANGE)

    async def closed(self) -> Envelope:
        event = platform.PullRequestClosedV1(
            organization_id=ORGANIZATION,
            occurred_at=NOON,
            pull_request=_pull_request("a" * 40, minute=2),
            merged=True,
        )
        return await self.say(event, exchange=platform.EXCHANGE)

    async def reviewed(self, analyze: dict[str, Any]) -> Envelope:
        finding = review.Finding(
            path="cart.py",
            start_line=3,
            end_line=4,
            severity="high",
            category="bug",
            title="A mutable default",
            explanation="It is shared by all calls.",
            confidence=0.9,
            source="ruff:B006",
            fingerprint="f1",
            replacement="def add(item, to=None):",
        )
        event = review.ReviewCompletedV1(
            organization_id=ORGANIZATION,
            occurred_at=NOON,
            job_id=analyze["job_id"],
            attempt=analyze["attempt"],
            review_id=REVIEW,
            outcome="partial",
            summary="One problem.",
            findings=(finding,),
            missing_stages=(review.MissingStage(stage="analyze", reason="ast-grep timed out"),),
        )
        return await self.say(event, exchange=review.EXCHANGE)

    async def review_failed(self, analyze: dict[str, Any], *, error_class: str) -> Envelope:
        event = review.ReviewFailedV1(
            organization_id=ORGANIZATION,
            occurred_at=NOON,
            job_id=analyze["job_id"],
            attempt=analyze["attempt"],
            review_id=REVIEW,
            failure=Failure(error_class=error_class, reason="no diff"),
        )
        return await self.say(event, exchange=review.EXCHANGE)

    async def published(self, publish: dict[str, Any]) -> Envelope:
        event = platform.ReviewPublishedV1(
            organization_id=ORGANIZATION,
            occurred_at=NOON,
            job_id=publish["job_id"],
            attempt=publish["attempt"],
            review_id=REVIEW,
            repository_id=REPOSITORY,
            pull_request_number=7,
            head_sha=publish["head_sha"],
            comments_published=len(publish["comments"]),
        )
        return await self.say(event, exchange=platform.EXCHANGE)


def heartbeat_message(analyze: dict[str, Any]) -> Envelope:
    """What whoever does this analysis says while it does."""
    event = review.ReviewProgressedV1(
        organization_id=ORGANIZATION,
        occurred_at=NOON,
        job_id=analyze["job_id"],
        attempt=analyze["attempt"],
        review_id=REVIEW,
    )
    return Envelope.of(event, source="test", exchange=review.EXCHANGE, subject="s")


@asynccontextmanager
async def at_work(service: Service, *, seconds: float = DEADLINE_SECONDS) -> AsyncIterator[Peers]:
    """All that the service runs beside its API, with everybody else played by the test."""
    url = service.settings.rabbitmq_url.get_secret_value()
    await declare_at(url, TOPOLOGY)
    publisher, stop = Publisher(url, TOPOLOGY), asyncio.Event()
    peers = Peers(publisher)
    async with asyncio.timeout(seconds), await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        ear = await channel.declare_queue(exclusive=True)
        for name in EXCHANGES:
            for key in _keys(name):
                await ear.bind(name, key)

        async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            peers.heard.put_nowait(json.loads(message.body))

        await ear.consume(hear, no_ack=True)
        async with asyncio.TaskGroup() as tasks:
            for task in (service.work, *service.relay_tasks):
                tasks.create_task(task(stop))
            yield peers
            stop.set()
    await publisher.close()


def _keys(exchange: str) -> list[str]:
    return {
        "workflow.exchange": ["workflow_queue.#"],
        "platform_integration.commands": ["platform_integration.publish_review.v1"],
        "code_review.commands": ["code_review.analyze_pull_request.v1"],
    }[exchange]


def _pull_request(
    head_sha: str, *, minute: int, draft: bool = False, number: int = 7
) -> platform.PullRequest:
    said = a_pull_request(head_sha, ref=a_ref(number))
    return platform.PullRequest(
        repository_id=said.ref.repository_id,
        repository_full_name=said.repository_full_name,
        number=said.ref.number,
        title=said.title,
        description=said.description,
        author=said.author,
        url=said.url,
        base_ref="main",
        base_sha=said.base_sha,
        head_ref="cart",
        head_sha=head_sha,
        draft=draft,
        updated_at=NOON + timedelta(minutes=minute),
    )
