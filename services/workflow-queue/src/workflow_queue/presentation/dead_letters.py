"""A dead letter that should have moved a job must not leave the job at rest."""

from dataclasses import dataclass

from crivo_contracts.event import wire_type
from crivo_messaging.dead_letters import DeadLetter, DeadLetters
from pydantic import ValidationError
from workflow_queue_contracts.commands import ProcessWorkflowJobV1

from workflow_queue.application.reject_dispatch import RejectDispatch, RejectDispatchHandler
from workflow_queue.domain.pull_request import JobId

EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDeadLetters:
    """Keeps every letter, and tells the job when it was the request to take its next step."""

    store: DeadLetters
    reject_dispatch: RejectDispatchHandler

    async def add(self, letter: DeadLetter) -> None:
        await self.store.add(letter)
        # One that waited too long says nothing about the job: the timer asks again.
        if letter.type != wire_type(ProcessWorkflowJobV1) or letter.reason == EXPIRED:
            return
        try:
            command = ProcessWorkflowJobV1.model_validate_json(letter.body)
        except ValidationError:
            return  # it names no job; the timer finds the one it was for
        await self.reject_dispatch(
            RejectDispatch(
                message_id=letter.id,
                job_id=JobId(command.job_id),
                reason=letter.error or letter.reason,
            )
        )
