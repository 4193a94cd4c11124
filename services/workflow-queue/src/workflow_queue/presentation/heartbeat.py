"""Workers say that they are alive; what they say is worth something for seconds only."""

from typing import Annotated, TypeAlias

from code_review_contracts.events import ReviewProgressedV1
from crivo_messaging.consumer import queue
from faststream.rabbit import RabbitRouter
from platform_integration_contracts.events import PublicationProgressedV1
from prometheus_client import Counter
from pydantic import Field

from workflow_queue.application.app import App
from workflow_queue.application.renew_lease import RenewLease
from workflow_queue.domain.job_events import Step
from workflow_queue.domain.pull_request import JobId
from workflow_queue.presentation.topology import LEASES

Heartbeat: TypeAlias = Annotated[
    ReviewProgressedV1 | PublicationProgressedV1, Field(discriminator="type")
]
_heard = Counter(
    "crivo_signs_of_life_total", "Heartbeats by what became of them", ["step", "verdict"]
)


def heartbeats(app: App) -> RabbitRouter:
    router = RabbitRouter()

    @router.subscriber(queue(LEASES))
    async def on_heartbeat(event: Heartbeat) -> None:
        step = Step.ANALYZE if isinstance(event, ReviewProgressedV1) else Step.PUBLISH
        verdict = await app.renew_lease(
            RenewLease(job_id=JobId(event.job_id), step=step, attempt=event.attempt)
        )
        _heard.labels(step, verdict).inc()

    return router
