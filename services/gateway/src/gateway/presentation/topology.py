"""The one queue of the gateway: what happens to jobs and reviews."""

import code_review_contracts.events as reviews
import platform_integration_contracts.events as publications
import workflow_queue_contracts.events as jobs
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology

CHANGES = "gateway.changes"
_HEARD = {
    jobs.EXCHANGE: (
        "workflow_queue.job_created",
        "workflow_queue.job_started",
        "workflow_queue.job_retry_scheduled",
        "workflow_queue.job_completed",
        "workflow_queue.job_failed",
        "workflow_queue.job_skipped",
        "workflow_queue.job_superseded",
        "workflow_queue.job_cancelled",
    ),
    reviews.EXCHANGE: (
        "code_review.review_started",
        "code_review.review_completed",
        "code_review.review_failed",
    ),
    publications.EXCHANGE: (
        "platform_integration.review_published",
        "platform_integration.review_publication_failed",
    ),
}

TOPOLOGY = Topology(
    exchanges=[Exchange(name) for name in _HEARD],
    queues=[
        Queue(
            CHANGES,
            # A version we do not know must become a dead letter, not a change nobody saw.
            tuple(Binding(name, f"{each}.*") for name, heard in _HEARD.items() for each in heard),
            # The gateway has no table to keep them in; workflow-queue keeps every letter it gets.
            DeadLetters("workflow-queue.dlx", "workflow-queue.dead-letters"),
            # Whoever listens must not see a job begin after it has ended.
            single_active=True,
        )
    ],
)
