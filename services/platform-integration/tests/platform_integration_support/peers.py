"""The other services, played by a test on a real broker."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aio_pika
from crivo_contracts.event import Message
from crivo_messaging.envelope import Envelope
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import declare_at
from platform_integration.bootstrap import Service, worker
from platform_integration.domain.change_set import ChangeSetId
from platform_integration.domain.integration import Repository
from platform_integration.presentation.queues import TOPOLOGY
from platform_integration.relay import tasks as relay_tasks
from platform_integration.settings import Settings
from platform_integration_contracts import commands, events
from platform_integration_contracts.commands import PublishReviewV1, ReviewComment
from platform_integration_support.builders import ORGANIZATION
from uuid_utils.compat import uuid7
from workflow_queue_contracts import events as workflow

HEARTBEATS = {events.PublicationProgressedV1.model_fields["type"].default}


class Peers:
    """Says what other services would say, and hears what this service answers."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heartbeats: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(self, command: PublishReviewV1) -> Envelope:
        return await self._say(command, exchange=commands.EXCHANGE, sequence=5)

    async def tell(self, event: Message, *, sequence: int = 0) -> Envelope:
        return await self._say(event, exchange=workflow.EXCHANGE, sequence=sequence)

    async def repeat(self, envelope: Envelope) -> None:
        await self._publisher.publish(envelope)

    async def _say(self, message: Message, *, exchange: str, sequence: int) -> Envelope:
        envelope = Envelope.of(
            message, source="test", exchange=exchange, subject="s", sequence=sequence
        )
        await self.repeat(envelope)
        return envelope


@asynccontextmanager
async def at_work(service: Service, settings: Settings) -> AsyncIterator[Peers]:
    """Worker and relay of the service, with everybody else played by the test."""
    url, stop = settings.rabbitmq_url, asyncio.Event()
    await declare_at(url, TOPOLOGY)
    publisher = Publisher(url, TOPOLOGY)
    peers = Peers(publisher)
    async with asyncio.timeout(60), await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        ear = await channel.declare_queue(exclusive=True)
        await ear.bind(events.EXCHANGE, "platform_integration.#")

        async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            # Heartbeats come when time has passed, however little there is to do.
            is_heartbeat = message.type in HEARTBEATS
            (peers.heartbeats if is_heartbeat else peers.heard).put_nowait(json.loads(message.body))

        await ear.consume(hear, no_ack=True)
        async with asyncio.TaskGroup() as tasks:
            for task in (worker(service, settings), *relay_tasks(settings)):
                tasks.create_task(task(stop))
            yield peers
            stop.set()
    await publisher.close()


def a_command(
    repository: Repository, proposed: ChangeSetId, *comments: ReviewComment, **changes: Any
) -> PublishReviewV1:
    fields: dict[str, Any] = {
        "organization_id": ORGANIZATION,
        "job_id": uuid7(),
        "attempt": 1,
        "review_id": UUID("019a0000-0000-7000-8000-00000000000f"),
        "repository_id": repository.id,
        "pull_request_number": proposed.number,
        "head_sha": proposed.head_sha,
        "change_set_id": str(proposed),
        "outcome": "complete",
        "summary": "Two analyzers ran.",
        "comments": comments,
    }
    return PublishReviewV1(**{**fields, **changes})


def a_finding(line: int, **changes: Any) -> ReviewComment:
    fields: dict[str, Any] = {
        "path": "numbers.txt",
        "start_line": line,
        "end_line": line,
        "severity": "high",
        "category": "bug",
        "title": "Mutable default",
        "explanation": "It is shared between calls.",
        "source": "ruff:B006",
        "fingerprint": f"f{line}",
    }
    return ReviewComment(**{**fields, **changes})
