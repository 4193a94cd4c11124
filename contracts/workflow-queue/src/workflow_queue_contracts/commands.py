"""Commands that workflow-queue gave itself up to release 0.1.0; it consumes them for one more."""

from typing import Literal

from crivo_contracts.event import Command, JobId

EXCHANGE = "workflow.exchange"
QUEUE = "workflow.jobs.queue"
DEAD_LETTER_EXCHANGE = "workflow.exchange.dlx"
DEAD_LETTER_QUEUE = "workflow.dlq"


class ProcessWorkflowJobV1(Command):
    """Take the job's next step."""

    type: Literal["workflow_queue.process_workflow_job.v1"] = (
        "workflow_queue.process_workflow_job.v1"
    )
    job_id: JobId
