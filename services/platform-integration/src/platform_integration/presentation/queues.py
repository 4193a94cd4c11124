"""What the service publishes to and consumes from."""

from crivo_messaging.topology import Binding, DeadLetters, Exchange, Queue, Topology
from platform_integration_contracts import commands, events
from platform_integration_contracts.commands import PublishReviewV1, ResolveCommandV1
from workflow_queue_contracts import events as workflow

PUBLICATIONS = "platform-integration.publications"
COMMANDS = "platform-integration.commands"
JOB_PROGRESS = "platform-integration.job-progress"

_DEAD = DeadLetters("platform-integration.dlx", "platform-integration.dead-letters")
_FOLLOWED = ("started", "retry_scheduled", "failed", "skipped", "superseded", "cancelled")

TOPOLOGY = Topology(
    exchanges=[
        Exchange(events.EXCHANGE),
        Exchange(commands.EXCHANGE, "direct"),
        Exchange(workflow.EXCHANGE),
    ],
    queues=[
        Queue(
            PUBLICATIONS,
            (Binding(commands.EXCHANGE, PublishReviewV1.model_fields["type"].default),),
            _DEAD,
        ),
        Queue(
            COMMANDS,
            (Binding(commands.EXCHANGE, ResolveCommandV1.model_fields["type"].default),),
            _DEAD,
        ),
        # Any version: one we do not know is dead-lettered, seen and not lost.
        Queue(
            JOB_PROGRESS,
            tuple(Binding(workflow.EXCHANGE, f"workflow_queue.job_{name}.*") for name in _FOLLOWED),
            _DEAD,
        ),
    ],
)
