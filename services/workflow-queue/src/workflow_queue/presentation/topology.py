"""Every exchange and queue of this service, in one place."""

from datetime import timedelta

import code_review_contracts.commands as review_commands
import code_review_contracts.events as review_events
import organization_contracts.events as organization_events
import platform_integration_contracts.commands as platform_commands
import platform_integration_contracts.events as platform_events
import workflow_queue_contracts.commands as own
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology

PULL_REQUESTS = "workflow-queue.pull-requests"
REVIEWS = "workflow-queue.reviews"
PUBLICATIONS = "workflow-queue.publications"
ORGANIZATIONS = "workflow-queue.organizations"
LEASES = "workflow-queue.leases"
JOBS = own.QUEUE

_DEAD = DeadLetters("workflow-queue.dlx", "workflow-queue.dead-letters")
_DEAD_JOBS = DeadLetters(own.DEAD_LETTER_EXCHANGE, own.DEAD_LETTER_QUEUE)
# The gateway has no store: what dies there is kept, and replayed, here.
KEPT_FOR_OTHERS = ("gateway.changes",)


def _every_version(exchange: str, *names: str) -> tuple[Binding, ...]:
    """A version we do not know must become a dead letter, not a message nobody saw."""
    return tuple(Binding(exchange, f"{name}.*") for name in names)


TOPOLOGY = Topology(
    exchanges=[
        Exchange(own.EXCHANGE),
        Exchange(platform_events.EXCHANGE),
        Exchange(review_events.EXCHANGE),
        Exchange(organization_events.EXCHANGE),
        Exchange(platform_commands.EXCHANGE, "direct"),
        Exchange(review_commands.EXCHANGE, "direct"),
    ],
    queues=[
        Queue(
            JOBS,
            _every_version(own.EXCHANGE, "workflow_queue.process_workflow_job"),
            _DEAD_JOBS,
            message_ttl=timedelta(hours=1),
        ),
        Queue(
            PULL_REQUESTS,
            _every_version(
                platform_events.EXCHANGE,
                "platform_integration.pull_request_opened",
                "platform_integration.pull_request_updated",
                "platform_integration.pull_request_closed",
                "platform_integration.review_commanded",
            ),
            _DEAD,
        ),
        Queue(
            REVIEWS,
            _every_version(
                review_events.EXCHANGE,
                "code_review.review_completed",
                "code_review.review_failed",
            ),
            _DEAD,
        ),
        Queue(
            PUBLICATIONS,
            _every_version(
                platform_events.EXCHANGE,
                "platform_integration.review_published",
                "platform_integration.review_publication_failed",
            ),
            _DEAD,
        ),
        Queue(
            LEASES,
            _every_version(review_events.EXCHANGE, "code_review.review_progressed")
            + _every_version(
                platform_events.EXCHANGE, "platform_integration.publication_progressed"
            ),
            _DEAD,
            message_ttl=timedelta(seconds=30),
            forgets_expired=True,
        ),
        Queue(
            ORGANIZATIONS,
            _every_version(organization_events.EXCHANGE, "organization.organization_created"),
            _DEAD,
        ),
    ],
)
