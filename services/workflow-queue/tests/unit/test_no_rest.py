"""Random events, crashes, duplicates and reorderings: no job may rest for ever, none run twice.

The machine is the world around the service: messages the service sent wait in `wire`, where they
are delivered in any order, twice, or never; whoever should answer may be dead.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from workflow_queue.application.reject_dispatch import RejectDispatch
from workflow_queue.application.retry_job import RetryJob
from workflow_queue.application.update_job_status import (
    ReviewCompleted,
    ReviewPublished,
    ReviewStarted,
    StepFailed,
    StepReport,
)
from workflow_queue.domain.failure import ErrorClass, Failure, Policy
from workflow_queue.domain.job import IllegalTransition, State, WorkflowJob
from workflow_queue.domain.job_events import JobDispatched, JobEvent, Step, StepStarted
from workflow_queue.domain.pull_request import JobId
from workflow_queue_support.builders import (
    ORGANIZATION,
    PAYLOAD,
    Service,
    a_pull_request,
    a_ref,
    a_service,
)
from workflow_queue_support.memory import MemoryStore, NoViews

HEADS = ["a" * 40, "b" * 40, "c" * 40]
TRIGGERS = ["opened", "updated", "reopened", "ready_for_review"]
LONGEST_LIFE = timedelta(hours=12)

failures = st.builds(
    Failure,
    error_class=st.sampled_from(ErrorClass),
    reason=st.just("it did not work"),
    retry_at=st.none(),
)
Message = tuple[UUID, JobId, JobEvent]


class World(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.service: Service = a_service(
            self.store.begin, self.store.due, NoViews(), policy=Policy(max_dispatches=4)
        )
        self.runner = asyncio.Runner()
        self.wire: list[Message] = []
        self.taken = 0
        self.attempts: dict[tuple[JobId, Step], int] = {}

    def run(self, work: Coroutine[Any, Any, object]) -> None:
        self.runner.run(work)

    def collect(self) -> None:
        """What was committed since is on its way; every start has a new, higher attempt."""
        for job_id, event in self.store.recorded[self.taken :]:
            if isinstance(event, StepStarted):
                assert event.attempt == self.attempts.get((job_id, event.step), 0) + 1
                self.attempts[job_id, event.step] = event.attempt
            if isinstance(event, JobDispatched | StepStarted):
                self.wire.append((uuid4(), job_id, event))
        self.taken = len(self.store.recorded)

    @rule(
        number=st.integers(1, 2),
        head=st.sampled_from(HEADS),
        trigger=st.sampled_from(TRIGGERS),
        draft=st.booleans(),
        second=st.integers(0, 5),
    )
    def code_host_speaks(
        self, number: int, head: str, trigger: str, draft: bool, second: int
    ) -> None:
        at = self.service.clock() + timedelta(seconds=second - 3)
        pull_request = a_pull_request(head, at=at, ref=a_ref(number))
        self.run(self.service.enqueue(pull_request, trigger=trigger, draft=draft))
        self.collect()

    @rule(number=st.integers(1, 2), second=st.integers(0, 5))
    def pull_request_is_closed(self, number: int, second: int) -> None:
        at = self.service.clock() + timedelta(seconds=second - 3)
        self.run(self.service.close(at=at, ref=a_ref(number)))

    @precondition(lambda self: self.wire)
    @rule(
        data=st.data(),
        fate=st.sampled_from(["once", "twice", "lost", "dead-lettered"]),
        failure=failures,
        works=st.booleans(),
    )
    def message_arrives(
        self, data: st.DataObject, fate: str, failure: Failure, works: bool
    ) -> None:
        message = data.draw(st.sampled_from(self.wire))
        if fate != "twice":
            self.wire.remove(message)
        if fate in ("once", "twice"):
            self.run(self.answer(message, None if works else failure))
        elif fate == "dead-lettered":
            command = RejectDispatch(message_id=message[0], job_id=message[1], reason="boom")
            self.run(self.service.app.reject_dispatch(command))
        self.collect()

    async def answer(self, message: Message, failure: Failure | None) -> None:
        message_id, job_id, event = message
        if isinstance(event, JobDispatched):
            await self.service.take(job_id, message_id=message_id)
            return
        assert isinstance(event, StepStarted)
        report: StepReport
        if failure is not None:
            report = StepFailed(step=event.step, attempt=event.attempt, failure=failure)
        elif event.step is Step.ANALYZE:
            await self.service.report(job_id, ReviewStarted(attempt=event.attempt))
            report = ReviewCompleted(
                attempt=event.attempt, outcome="complete", findings=1, payload=PAYLOAD
            )
        else:
            report = ReviewPublished(attempt=event.attempt, comments_published=1)
        await self.service.report(job_id, report, message_id=message_id)

    @rule(minutes=st.sampled_from([0, 1, 5, 20]))
    def time_passes(self, minutes: int) -> None:
        self.service.clock.pass_(timedelta(minutes=minutes))
        self.run(self.service.tick())
        self.collect()

    @precondition(lambda self: self.store.streams)
    @rule(data=st.data())
    def person_retries(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.store.streams)))
        command = RetryJob(organization_id=ORGANIZATION, job_id=job_id, requested_by="ana")
        try:
            self.run(self.service.app.retry_job(command))
        except IllegalTransition:
            return
        self.collect()

    def active(self) -> list[WorkflowJob]:
        return [job for job in self.store.jobs() if job.is_active]

    @invariant()
    def never_two_active_jobs_of_a_pull_request(self) -> None:
        refs = [job.pull_request.ref for job in self.active()]
        assert len(refs) == len(set(refs))

    @invariant()
    def every_active_job_is_in_the_hands_of_the_timer_or_the_dispatcher(self) -> None:
        for job in self.store.jobs():
            assert job.is_active == (job.waits or job.due_at is not None)

    @invariant()
    def only_the_newest_head_is_active(self) -> None:
        for job in self.active():
            assert self.store.followed[job.pull_request.ref].head_sha == job.pull_request.head_sha

    def advance_to_the_next_due_job(self, end: datetime) -> None:
        now = self.service.clock()
        self.service.clock.now = max(now, min(job.due_at or now for job in self.active()))
        assert self.service.clock() < end, "a job rests"
        self.run(self.service.tick())
        self.collect()


class EverybodyElseIsDead(World):
    def teardown(self) -> None:
        end = self.service.clock() + LONGEST_LIFE
        while self.active():
            self.advance_to_the_next_due_job(end)
        assert all(job.reason for job in self.store.jobs() if job.state is State.FAILED)
        self.runner.close()


class EverybodyIsBack(World):
    def teardown(self) -> None:
        waiting = [job.id for job in self.active()]
        end = self.service.clock() + LONGEST_LIFE
        while self.wire or self.active():
            while self.wire:
                self.run(self.answer(self.wire.pop(0), None))
                self.collect()
            if self.active():
                self.advance_to_the_next_due_job(end)
        ended = [self.store.job(job_id) for job_id in waiting]
        # A job whose last allowed attempt was lost on the way has failed, and says so.
        assert all(job.state is State.COMPLETED or job.reason for job in ended)
        assert all(job.state in (State.COMPLETED, State.FAILED) for job in ended)
        self.runner.close()


SETTINGS = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestEverybodyElseIsDead = EverybodyElseIsDead.TestCase
TestEverybodyElseIsDead.settings = SETTINGS
TestEverybodyIsBack = EverybodyIsBack.TestCase
TestEverybodyIsBack.settings = SETTINGS
