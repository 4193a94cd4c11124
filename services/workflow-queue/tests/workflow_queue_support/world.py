"""Random events, crashes, duplicates and reorderings: no job may rest for ever, none run twice.

The machine is the world around the service: messages the service sent wait in `wire`, where they
are delivered in any order, twice, or never; whoever should answer may be dead, or hang and answer
when somebody else has its job already; the service dies before it commits.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from workflow_queue.application.command_review import Wish
from workflow_queue.application.ports import Verdict
from workflow_queue.application.retry_job import RetryJob
from workflow_queue.application.update_job_status import (
    ReviewCompleted,
    ReviewPublished,
    StepFailed,
    StepReport,
)
from workflow_queue.domain.cadence import Cadence, Mode
from workflow_queue.domain.failure import ErrorClass, Failure
from workflow_queue.domain.fair_share import Limits
from workflow_queue.domain.job import IllegalTransition, WorkflowJob
from workflow_queue.domain.job_events import (
    AnalysisCompleted,
    JobCreated,
    JobEvent,
    JobReopened,
    JobRetried,
    JobRetryScheduled,
    LeaseLost,
    Step,
    StepStarted,
)
from workflow_queue.domain.job_state import State
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import JobId, PullRequest
from workflow_queue_support.builders import (
    ORGANIZATION,
    PAYLOAD,
    REPOSITORY,
    Service,
    a_pull_request,
    a_ref,
    a_service,
)
from workflow_queue_support.memory import MemoryStore, MemoryTransaction, NoViews
from workflow_queue_support.statistics import STATISTICS

FATES = ["arrives", "arrives twice", "is lost", "hangs", "meets a death"]
HEADS = ["a" * 40, "b" * 40, "c" * 40]
TRIGGERS = ["opened", "updated", "reopened", "ready_for_review"]
SAID = 6

failures = st.builds(
    Failure,
    error_class=st.sampled_from(ErrorClass),
    reason=st.just("it did not work"),
    retry_at=st.none(),
)
Message = tuple[UUID, JobId, StepStarted]
Result = TypeVar("Result")
MAY_START = (
    JobCreated,
    AnalysisCompleted,
    JobRetryScheduled,
    LeaseLost,
    JobRetried,
    JobReopened,
)


class Died(Exception):
    """The process was killed when it had done its work and had not committed it."""


class MortalStore(MemoryStore):
    dies = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with super().begin() as transaction:
            yield transaction
            if self.dies:
                raise Died


class World(RuleBasedStateMachine):
    store_class: ClassVar[type[MortalStore]] = MortalStore
    window: int
    service: Service

    def __init__(self) -> None:
        super().__init__()
        self.store = self.store_class()
        self.runner = asyncio.Runner()
        self.wire: list[Message] = []
        self.taken = 0
        self.begun: list[tuple[JobId, StepStarted]] = []
        self.attempts: dict[tuple[JobId, Step], int] = {}
        self.startable: set[JobId] = set()
        self.said = 0

    def a_service(self) -> Service:
        return a_service(
            self.store.begin,
            self.store.due,
            NoViews(),
            leases=self.store,
            limits=Limits(window=self.window),
        )

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def die_of(self, work: Coroutine[Any, Any, object]) -> None:
        self.store.dies = True
        with suppress(Died):
            self.run(work)
        self.store.dies = False
        assert len(self.store.recorded) == self.taken, "a part of it was kept"

    def collect(self) -> None:
        """What was committed since is on its way."""
        for job_id, event in self.store.recorded[self.taken :]:
            self.follow(job_id, event)
            if isinstance(event, StepStarted):
                self.wire.append((uuid4(), job_id, event))
                self.begun.append((job_id, event))
        STATISTICS.saw(self.store.streams, self.store.recorded[self.taken :])
        self.taken = len(self.store.recorded)

    def follow(self, job_id: JobId, event: JobEvent) -> None:
        """Every start has a new, higher attempt, and nobody does the job then."""
        if isinstance(event, MAY_START):
            self.startable.add(job_id)
        elif isinstance(event, StepStarted):
            assert event.attempt == self.attempts.get((job_id, event.step), 0) + 1
            self.attempts[job_id, event.step] = event.attempt
            assert job_id in self.startable, "started, and somebody does it"
            self.startable.discard(job_id)

    @initialize(window=st.integers(1, 2))
    def pull_request_is_opened(self, window: int) -> None:
        self.window = window
        self.service = self.a_service()
        self.run(self.service.enqueue())
        self.run(self.service.tick())
        self.collect()

    @precondition(lambda self: self.may_speak())
    @rule(
        number=st.integers(1, 2),
        head=st.sampled_from(HEADS),
        trigger=st.sampled_from(TRIGGERS),
        draft=st.booleans(),
        second=st.integers(0, 5),
        dies_first=st.booleans(),
    )
    def code_host_speaks(
        self, number: int, head: str, trigger: str, draft: bool, second: int, dies_first: bool
    ) -> None:
        self.said += 1
        pull_request, message_id = self.pull_request(number, head, second), uuid4()

        async def hear() -> None:
            await self.service.enqueue(
                pull_request, trigger=trigger, draft=draft, message_id=message_id
            )

        if dies_first:
            self.die_of(hear())
        before = {job.id for job in self.active()}
        self.run(hear())
        self.collect()
        for job in self.active():
            if job.id not in before:
                assert not draft, "nobody asked for a review of a draft"
                assert self.may_be_reviewed_unasked(job), "nobody asked, and it is held back"

    @precondition(lambda self: self.may_speak())
    @rule(
        number=st.integers(1, 2),
        head=st.sampled_from(HEADS),
        wish=st.sampled_from(Wish),
        second=st.integers(0, 5),
    )
    def person_commands(self, number: int, head: str, wish: Wish, second: int) -> None:
        self.said += 1
        pull_request = self.pull_request(number, head, second)
        known = self.store.followed.get(pull_request.ref)
        is_news = known is None or known.is_news(pull_request.updated_at)
        self.run(self.service.command(wish, pull_request, request_id=str(uuid4())))
        self.collect()
        if wish is Wish.REVIEW and is_news:
            assert not self.store.followed[pull_request.ref].paused
            of_it = [job for job in self.active() if job.pull_request.ref == pull_request.ref]
            assert [job.pull_request.head_sha for job in of_it] == [head], "asked, and not done"

    @precondition(lambda self: self.may_speak())
    @rule(mode=st.sampled_from(Mode))
    def owner_sets_the_cadence(self, mode: Mode) -> None:
        self.said += 1
        self.run(self.store.cadences.put(ORGANIZATION, REPOSITORY, Cadence(mode=mode)))

    @precondition(lambda self: self.may_speak())
    @rule(number=st.integers(1, 2), second=st.integers(0, 5))
    def pull_request_is_closed(self, number: int, second: int) -> None:
        self.said += 1
        at = self.service.clock() + timedelta(seconds=second - 3)
        self.run(self.service.close(at=at, ref=a_ref(number)))
        self.collect()

    def may_speak(self) -> bool:
        """People leave a job alone often enough for it to be put back and tried again."""
        return self.said < SAID or not self.active()

    def pull_request(self, number: int, head: str, second: int) -> PullRequest:
        """News, or what was true some seconds ago."""
        at = self.service.clock() + timedelta(seconds=second - 3)
        return a_pull_request(head, at=at, ref=a_ref(number))

    def may_be_reviewed_unasked(self, job: WorkflowJob) -> bool:
        followed = self.store.followed[job.pull_request.ref]
        cadence = self.store.cadences.known.get((ORGANIZATION, REPOSITORY), Cadence())
        return cadence.holds_back(paused=followed.paused) is None

    @precondition(lambda self: self.wire)
    @rule(
        data=st.data(),
        fate=st.sampled_from(FATES),
        failure=failures,
        works=st.booleans(),
    )
    def message_arrives(
        self, data: st.DataObject, fate: str, failure: Failure, works: bool
    ) -> None:
        message = data.draw(st.sampled_from(self.wire[-2:]) | st.sampled_from(self.wire))
        STATISTICS.fates[fate] += 1
        if fate not in ("arrives twice", "hangs", "meets a death"):
            self.wire.remove(message)
        if fate in ("arrives", "arrives twice"):
            self.run(self.answer(message, None if works else failure))
        elif fate == "hangs":
            self.hear(message[1], message[2])
        elif fate == "meets a death":
            self.die_of(self.answer(message, None if works else failure))
        self.collect()

    @precondition(lambda self: self.wire)
    @rule(times=st.integers(1, 3))
    def everything_works_for_a_while(self, times: int) -> None:
        """Or chance alone would hardly ever get a job to its second step."""
        for _ in range(times):
            messages, self.wire = self.wire, []
            for message in messages:
                self.run(self.answer(message, None))
            self.collect()

    async def answer(self, message: Message, failure: Failure | None) -> None:
        message_id, job_id, event = message
        counts = self.is_current(job_id, event)
        report: StepReport
        if failure is not None:
            report = StepFailed(step=event.step, attempt=event.attempt, failure=failure)
        elif event.step is Step.ANALYZE:
            report = ReviewCompleted(
                attempt=event.attempt, outcome="complete", findings=1, payload=PAYLOAD
            )
        else:
            report = ReviewPublished(attempt=event.attempt, comments_published=1)
        verdict = await self.service.report(job_id, report, message_id=message_id)
        assert (verdict is Verdict.ACCEPTED) == counts or verdict is Verdict.DUPLICATE

    def is_current(self, job_id: JobId, event: StepStarted) -> bool:
        lease = Lease(step=event.step, attempt=event.attempt, until=event.deadline_at)
        return self.store.job(job_id).is_held_by(lease)

    @precondition(lambda self: self.begun)
    @rule(data=st.data())
    def worker_sends_a_heartbeat(self, data: st.DataObject) -> None:
        """Any worker that ever began: also one that has lost its job, or has long done it."""
        self.hear(*data.draw(st.sampled_from(self.begun)))

    @precondition(lambda self: self.begun)
    @rule(data=st.data(), failure=failures, works=st.booleans())
    def worker_answers_late(self, data: st.DataObject, failure: Failure, works: bool) -> None:
        job_id, event = data.draw(st.sampled_from(self.begun))
        self.run(self.answer((uuid4(), job_id, event), None if works else failure))
        self.collect()

    def hear(self, job_id: JobId, event: StepStarted) -> None:
        current = self.is_current(job_id, event)
        heartbeat = self.service.heartbeat(job_id, step=event.step, attempt=event.attempt)
        assert (self.run(heartbeat) is Verdict.ACCEPTED) == current

    @rule(seconds=st.sampled_from([0, 1, 5, 11, 19, 21, 60, 1200]), dies_first=st.booleans())
    def time_passes(self, seconds: int, dies_first: bool) -> None:
        self.service.clock.pass_(timedelta(seconds=seconds))
        if dies_first:
            self.die_of(self.service.tick())
        self.run(self.service.tick())
        self.collect()
        for job in self.active():
            lease = self.store.leases.get(job.id)
            assert not job.is_lost(lease, now=self.service.clock()), "a silent worker has a job"

    @precondition(lambda self: self.store.leases)
    @rule()
    def nobody_can_be_heard(self) -> None:
        self.run(self.service.app.prolong_leases())

    @precondition(lambda self: any(job.state is State.FAILED for job in self.store.jobs()))
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
    def never_more_at_a_time_than_the_window_has_room_for(self) -> None:
        assert sum(not job.waits for job in self.active()) <= self.window

    @invariant()
    def a_lease_is_of_the_attempt_that_runs(self) -> None:
        for job_id, lease in self.store.leases.items():
            assert self.store.job(job_id).is_held_by(lease)

    @invariant()
    def what_waits_for_its_retry_says_when_and_why(self) -> None:
        for job in self.active():
            if job.state is State.RETRY_SCHEDULED:
                assert job.due_at
                assert job.reason

    @invariant()
    def only_the_newest_head_is_active(self) -> None:
        for job in self.active():
            assert self.store.followed[job.pull_request.ref].head_sha == job.pull_request.head_sha

    def teardown(self) -> None:
        STATISTICS.examples += 1
        try:
            self.come_to_an_end()
        finally:
            self.runner.close()

    def come_to_an_end(self) -> None:
        """Whatever happened before, every job has to rest at last."""
