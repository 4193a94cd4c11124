"""What the service publishes to and consumes from."""

import code_review_contracts.commands as own_commands
import code_review_contracts.events as own_events
import workflow_queue_contracts.events as job_events
from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology

ANALYSES = "code-review.analyze-pull-request"
STOPS = "code-review.job-stops"
_DEAD = DeadLetters(exchange="code-review.dlx", queue="code-review.dead-letters")

TOPOLOGY = Topology(
    exchanges=[
        Exchange(own_events.EXCHANGE),
        Exchange(own_commands.EXCHANGE, "direct"),
        Exchange(job_events.EXCHANGE),
    ],
    queues=[
        Queue(
            ANALYSES,
            (Binding(own_commands.EXCHANGE, "code_review.analyze_pull_request.v1"),),
            _DEAD,
        ),
        # A version we do not know must become a dead letter, not a message nobody saw.
        Queue(
            STOPS,
            (
                Binding(job_events.EXCHANGE, "workflow_queue.job_superseded.*"),
                Binding(job_events.EXCHANGE, "workflow_queue.job_cancelled.*"),
            ),
            _DEAD,
        ),
    ],
)
