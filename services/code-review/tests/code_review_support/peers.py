"""The other services, played by a test on a real broker."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import code_review_contracts.commands as commands
import code_review_contracts.events as events
import workflow_queue_contracts.events as jobs
from code_review.bootstrap import Service
from code_review.domain.review import Subject
from code_review.presentation.topology import TOPOLOGY
from code_review.relay import relay
from code_review_support.builders import NOON
from crivo_contracts.event import Message
from crivo_messaging.envelope import Envelope
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import declare_at
from crivo_tasks.schedule import Task

HEARTBEATS = {events.ReviewProgressedV1.model_fields["type"].default}


class Peers:
    """Says what other services would say, and hears all that this service sends."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heartbeats: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def next(self) -> dict[str, Any]:
        return await self.heard.get()

    async def say(self, message: Message, *, exchange: str, sequence: int = 3) -> Envelope:
        envelope = Envelope.of(
            message, source="test", exchange=exchange, subject="s", sequence=sequence
        )
        await self.repeat(envelope)
        return envelope

    async def repeat(self, envelope: Envelope) -> None:
        await self._publisher.publish(envelope)

    async def analyze(
        self,
        subject: Subject,
        *,
        attempt: int = 1,
        title: str | None = None,
        description: str | None = None,
    ) -> Envelope:
        command = commands.AnalyzePullRequestV1(
            organization_id=subject.organization_id,
            job_id=subject.job_id,
            attempt=attempt,
            repository_id=subject.repository_id,
            repository_full_name=subject.repository_full_name,
            pull_request_number=subject.pull_request_number,
            base_sha="a" * 40,
            head_sha=subject.head_sha,
            change_set_id=subject.change_set_id,
            title=title,
            description=description,
        )
        return await self.say(command, exchange=commands.EXCHANGE)

    async def cancelled(self, subject: Subject, *, sequence: int) -> None:
        event = jobs.JobCancelledV1(
            organization_id=subject.organization_id,
            occurred_at=NOON,
            job_id=subject.job_id,
            repository_id=subject.repository_id,
            pull_request_number=subject.pull_request_number,
            head_sha=subject.head_sha,
            reason="pull_request_closed",
        )
        await self.say(event, exchange=jobs.EXCHANGE, sequence=sequence)


@asynccontextmanager
async def at_work(service: Service, *, hearing: str = "#") -> AsyncIterator[Peers]:
    """Worker and relay of the service, with everybody else played by the test."""
    url = service.settings.rabbitmq_url.get_secret_value()
    await declare_at(url, TOPOLOGY)
    publisher, stop = Publisher(url, TOPOLOGY), asyncio.Event()
    peers = Peers(publisher)
    async with asyncio.timeout(60), await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        ear = await channel.declare_queue(exclusive=True)
        await ear.bind(events.EXCHANGE, f"code_review.{hearing}")

        async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            # Heartbeats come when time has passed, however little there is to do.
            is_heartbeat = message.type in HEARTBEATS
            (peers.heartbeats if is_heartbeat else peers.heard).put_nowait(json.loads(message.body))

        await ear.consume(hear, no_ack=True)
        async with asyncio.TaskGroup() as tasks:
            for task in (service.work, relay(service.outbox, service.settings)):
                tasks.create_task(_until(stop, task))
            yield peers
            stop.set()
    await publisher.close()


async def _until(stop: asyncio.Event, task: Task) -> None:
    await task(stop)
