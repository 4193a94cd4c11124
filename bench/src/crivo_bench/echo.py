"""A worker that has nothing to do: it answers the commands of a job at once, as the contracts say.

It stands for code-review and for platform-integration, so that what is measured is workflow-queue.
"""

import asyncio
import os
import signal
from datetime import UTC, datetime
from uuid import UUID

import code_review_contracts.commands as review_commands
import code_review_contracts.events as review_events
import platform_integration_contracts.commands as platform_commands
import platform_integration_contracts.events as platform_events
import workflow_queue_contracts.events as job_events
from code_review_contracts.commands import AnalyzePullRequestV1
from code_review_contracts.events import ReviewCompletedV1, ReviewStartedV1
from crivo_contracts.event import Event, wire_type
from crivo_messaging.consumer import FailurePolicy, create_broker, queue, run_consumers
from crivo_messaging.envelope import Envelope
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology
from faststream.rabbit import RabbitRouter
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


def answers(publisher: Publisher) -> RabbitRouter:
    router = RabbitRouter()

    async def say(exchange: str, job_id: UUID, *events: Event) -> None:
        for event in events:
            await publisher.publish(
                Envelope.of(event, source="echo", exchange=exchange, subject=str(job_id))
            )

    @router.subscriber(queue(ANALYSES))
    async def on_analyze(command: AnalyzePullRequestV1) -> None:
        about = {
            "organization_id": command.organization_id,
            "job_id": command.job_id,
            "attempt": command.attempt,
            "review_id": command.job_id,
            "occurred_at": datetime.now(UTC),
        }
        started = ReviewStartedV1.model_validate(about)
        completed = ReviewCompletedV1.model_validate(
            {**about, "outcome": "complete", "summary": "Nothing to say."}
        )
        await say(review_events.EXCHANGE, command.job_id, started, completed)

    @router.subscriber(queue(PUBLICATIONS))
    async def on_publish(command: PublishReviewV1) -> None:
        published = ReviewPublishedV1(
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
        await say(platform_events.EXCHANGE, command.job_id, published)

    @router.subscriber(queue(PROGRESS))
    async def on_progress(_: JobStartedV1) -> None:
        """The check on the code host would be set from it."""

    return router


async def _work(url: str) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    policy = FailurePolicy("echo", conflicts=())
    publisher = Publisher(url, TOPOLOGY)
    broker = create_broker(url, policy=policy, prefetch=PREFETCH)
    broker.include_router(answers(publisher))
    try:
        await run_consumers(broker, policy, TOPOLOGY, stop, url=url)
    finally:
        await publisher.close()


if __name__ == "__main__":
    import uvloop
    from crivo_observability.logs import configure_logs

    configure_logs("echo")
    uvloop.run(_work(os.environ["ECHO_RABBITMQ_URL"]))
