"""One function per queue: translate, call, nothing else."""

from code_review_contracts.commands import AnalyzePullRequestV1
from crivo_messaging.consumer import RabbitMessage, queue
from faststream.rabbit import RabbitRouter
from structlog.contextvars import bound_contextvars
from workflow_queue_contracts.events import JobStopped

from code_review.application.analyze_pull_request import AnalyzePullRequest
from code_review.application.app import App
from code_review.application.stop_review import StopReview
from code_review.domain.review import JobId, Subject
from code_review.presentation.topology import ANALYSES, STOPS


def consumers(app: App) -> RabbitRouter:
    router = RabbitRouter()

    @router.subscriber(queue(ANALYSES))
    async def on_analyze_pull_request(
        command: AnalyzePullRequestV1, message: RabbitMessage
    ) -> None:
        with bound_contextvars(job_id=str(command.job_id)):
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
                )
            )

    @router.subscriber(queue(STOPS))
    async def on_job_stopped(event: JobStopped, message: RabbitMessage) -> None:
        with bound_contextvars(job_id=str(event.job_id)):
            await app.stop_review(
                StopReview(job_id=JobId(event.job_id), sequence=_sequence(message))
            )

    return router


def _sequence(message: RabbitMessage) -> int:
    """The version of the job that the message follows from."""
    return int(str(message.headers.get("cloudEvents:sequence", "0")))
