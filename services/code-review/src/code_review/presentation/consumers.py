"""One function per queue: translate, call, nothing else."""

from functools import partial

from code_review_contracts.commands import AnalyzePullRequestV1
from code_review_contracts.events import EXCHANGE, ReviewProgressedV1
from crivo_messaging.consumer import RabbitMessage, queue
from crivo_messaging.envelope import Envelope
from crivo_messaging.heartbeat import heartbeat
from crivo_messaging.publisher import Publisher
from crivo_web.identity import utc_now
from faststream.rabbit import RabbitRouter
from structlog.contextvars import bound_contextvars
from workflow_queue_contracts.events import JobStopped

from code_review.application.analyze_pull_request import AnalyzePullRequest
from code_review.application.app import App
from code_review.application.stop_review import StopReview
from code_review.domain.review import JobId, Subject, review_id
from code_review.presentation.topology import ANALYSES, STOPS

SOURCE = "code-review"


def consumers(app: App, publisher: Publisher) -> RabbitRouter:
    router = RabbitRouter()

    @router.subscriber(queue(ANALYSES))
    async def on_analyze_pull_request(
        command: AnalyzePullRequestV1, message: RabbitMessage
    ) -> None:
        with bound_contextvars(job_id=str(command.job_id)):
            async with heartbeat(publisher, partial(heartbeat_message, command)):
                await app.analyze_pull_request(
                    AnalyzePullRequest(
                        subject=Subject(
                            job_id=JobId(command.job_id),
                            organization_id=command.organization_id,
                            repository_id=command.repository_id,
                            repository_full_name=command.repository_full_name,
                            pull_request_number=command.pull_request_number,
                            head_sha=command.head_sha,
                            change_set_id=command.change_set_id,
                        ),
                        attempt=command.attempt,
                        sequence=_sequence(message),
                        title=command.title,
                        description=command.description,
                    )
                )

    @router.subscriber(queue(STOPS))
    async def on_job_stopped(event: JobStopped, message: RabbitMessage) -> None:
        with bound_contextvars(job_id=str(event.job_id)):
            await app.stop_review(
                StopReview(job_id=JobId(event.job_id), sequence=_sequence(message))
            )

    return router


def heartbeat_message(command: AnalyzePullRequestV1) -> Envelope:
    """Says that this attempt is being worked on."""
    about = review_id(JobId(command.job_id))
    return Envelope.of(
        ReviewProgressedV1(
            organization_id=command.organization_id,
            occurred_at=utc_now(),
            job_id=command.job_id,
            attempt=command.attempt,
            review_id=about,
        ),
        source=SOURCE,
        exchange=EXCHANGE,
        subject=str(about),
    )


def _sequence(message: RabbitMessage) -> int:
    """The version of the job that the message follows from."""
    return int(str(message.headers.get("cloudEvents:sequence", "0")))
