"""A worker that has nothing to do: it answers the commands of a job at once, as the contracts say.

It stands for code-review and for platform-integration, so that what is measured is workflow-queue;
so it is aio-pika and nothing above it.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aio_pika
import code_review_contracts.commands as review_commands
import code_review_contracts.events as review_events
import platform_integration_contracts.commands as platform_commands
import platform_integration_contracts.events as platform_events
import workflow_queue_contracts.events as job_events
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from code_review_contracts.commands import AnalyzePullRequestV1
from code_review_contracts.events import ReviewCompletedV1
from crivo_contracts.event import Event, wire_type
from crivo_messaging.envelope import Envelope
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology, declare
from platform_integration_contracts.commands import PublishReviewV1
from platform_integration_contracts.events import ReviewPublishedV1
from workflow_queue_contracts.events import JobStartedV1

ANALYSES, PUBLICATIONS, PROGRESS = "echo.analyses", "echo.publications", "echo.progress"
PREFETCH = 100
_DEAD = DeadLetters("echo.dlx", "echo.dead-letters")
TOPOLOGY = Topology(
    exchanges=[
        Exchange(review_commands.EXCHANGE, "direct"),
        Exchange(review_events.EXCHANGE),
        Exchange(platform_commands.EXCHANGE, "direct"),
        Exchange(platform_events.EXCHANGE),
        Exchange(job_events.EXCHANGE),
    ],
    queues=[
        Queue(
            ANALYSES,
            (Binding(review_commands.EXCHANGE, wire_type(AnalyzePullRequestV1)),),
            _DEAD,
        ),
        Queue(
            PUBLICATIONS,
            (Binding(platform_commands.EXCHANGE, wire_type(PublishReviewV1)),),
            _DEAD,
        ),
        Queue(PROGRESS, (Binding(job_events.EXCHANGE, wire_type(JobStartedV1)),), _DEAD),
    ],
)


def analyzed(body: bytes) -> Event:
    """It occurs when the command is read: what is measured is how long that took."""
    now = datetime.now(UTC)
    command = AnalyzePullRequestV1.model_validate_json(body)
    return ReviewCompletedV1(
        organization_id=command.organization_id,
        job_id=command.job_id,
        attempt=command.attempt,
        review_id=command.job_id,
        outcome="complete",
        summary="Nothing to say.",
        occurred_at=now,
    )


def published(body: bytes) -> Event:
    command = PublishReviewV1.model_validate_json(body)
    return ReviewPublishedV1(
        organization_id=command.organization_id,
        job_id=command.job_id,
        attempt=command.attempt,
        review_id=command.review_id,
        repository_id=command.repository_id,
        pull_request_number=command.pull_request_number,
        head_sha=command.head_sha,
        comments_published=0,
        occurred_at=datetime.now(UTC),
    )


async def _work(url: str) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.set_qos(PREFETCH)
        await declare(channel, TOPOLOGY)
        reviews = await channel.get_exchange(review_events.EXCHANGE)
        publications = await channel.get_exchange(platform_events.EXCHANGE)

        def answered(
            answer: Callable[[bytes], Event], exchange: AbstractExchange
        ) -> Callable[[AbstractIncomingMessage], Awaitable[None]]:
            async def handle(message: AbstractIncomingMessage) -> None:
                event = answer(message.body)
                envelope = Envelope.of(event, source="echo", exchange=exchange.name, subject="")
                await exchange.publish(envelope.to_amqp(), routing_key=event.type)
                await message.ack()

            return handle

        async def ignore(_: AbstractIncomingMessage) -> None:
            """The check on the code host would be set from it."""

        await (await channel.get_queue(ANALYSES)).consume(answered(analyzed, reviews))
        await (await channel.get_queue(PUBLICATIONS)).consume(answered(published, publications))
        await (await channel.get_queue(PROGRESS)).consume(ignore, no_ack=True)
        await stop.wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_work(os.environ["ECHO_RABBITMQ_URL"]))
