"""The model must fail on a service that is wrong: each of these is one bug, planted."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from workflow_queue.application.ports import JobNotFound, Transaction, Verdict
from workflow_queue.application.start_at_once import StartAtOnce
from workflow_queue.application.update_job_status import UpdateJobStatus, UpdateJobStatusHandler
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_state import State
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.orchestrator import ReviewRequest, WorkflowOrchestrator
from workflow_queue.domain.pull_request import FollowedPullRequest, JobId
from workflow_queue_support.builders import Service
from workflow_queue_support.endings import EverybodyElseIsDead
from workflow_queue_support.memory import MemoryStore, MemoryTransaction
from workflow_queue_support.world import Died, MortalStore

# The same examples each time, and not one of them to be remembered as a failure of ours.
SETTINGS = settings(
    max_examples=300,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)


class SilenceIsNotDue(MortalStore):
    """The timer looks at deadlines only."""

    def is_due(self, job: WorkflowJob, now: datetime) -> bool:
        return not job.waits and job.due_at is not None and job.due_at <= now


class RetriesAreInNoLine(MortalStore):
    """The dispatcher looks at new jobs only."""

    def is_next(self, job: WorkflowJob, now: datetime) -> bool:
        return super().is_next(job, now) and job.state is not State.RETRY_SCHEDULED


class AnySignOfLifeCounts(MortalStore):
    """A worker that lost the job keeps its lease alive."""

    async def renew(self, job_id: JobId, lease: Lease) -> bool:
        self.leases[job_id] = lease
        return True


class CommitsTooEarly(MortalStore):
    """What was done is kept although the process died before it said so."""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with MemoryStore.begin(self) as transaction:
            yield transaction
        if self.dies:
            raise Died


@dataclass(frozen=True, slots=True, kw_only=True)
class NobodyIsFenced(UpdateJobStatusHandler):
    """A late result passes for one of the attempt that runs."""

    async def __call__(self, command: UpdateJobStatus) -> Verdict:
        async with self.begin() as tx:
            attempt = (await tx.jobs.get(command.job_id)).attempt
        if attempt == 0:
            raise JobNotFound(command.job_id)
        report = replace(command.report, attempt=attempt)
        return await UpdateJobStatusHandler.__call__(self, replace(command, report=report))


class SilenceRests(EverybodyElseIsDead):
    store_class = SilenceIsNotDue


class RetriesRest(EverybodyElseIsDead):
    store_class = RetriesAreInNoLine


class LostWorkersAreBelieved(EverybodyElseIsDead):
    store_class = AnySignOfLifeCounts


class LateResultsCount(EverybodyElseIsDead):
    def a_service(self) -> Service:
        service = super().a_service()
        right = service.app.update_job_status
        wrong = NobodyIsFenced(
            begin=right.begin, policy=right.policy, now=right.now, jitter=right.jitter
        )
        return replace(service, app=replace(service.app, update_job_status=wrong))


class NothingIsSuperseded(WorkflowOrchestrator):
    """A newer head is reviewed beside the older one."""

    def _supersede(self, jobs: Iterable[WorkflowJob], *, by: WorkflowJob, now: datetime) -> None:
        pass


class NobodyIsPaused(WorkflowOrchestrator):
    """Drafts are left alone, and paused pull requests are not."""

    def _reason_not_to(self, request: ReviewRequest, followed: FollowedPullRequest) -> str | None:
        return "draft" if request.draft else None


class OldHeadsGoOn(EverybodyElseIsDead):
    def a_service(self) -> Service:
        return orchestrated(super().a_service(), NothingIsSuperseded())


class PausesAreForgotten(EverybodyElseIsDead):
    def a_service(self) -> Service:
        return orchestrated(super().a_service(), NobodyIsPaused())


def orchestrated(service: Service, orchestrator: WorkflowOrchestrator) -> Service:
    enqueue = replace(service.app.enqueue_code_review_job, orchestrator=orchestrator)
    return replace(service, app=replace(service.app, enqueue_code_review_job=enqueue))


class HalfIsKept(EverybodyElseIsDead):
    store_class = CommitsTooEarly


@dataclass(frozen=True, slots=True, kw_only=True)
class NobodyIsCounted(StartAtOnce):
    """A new job starts, however many run."""

    async def __call__(self, job: WorkflowJob, tx: Transaction) -> None:
        if job.waits:
            job.start(now=self.now(), policy=self.policy)


class TheWindowIsForgotten(EverybodyElseIsDead):
    def a_service(self) -> Service:
        service = super().a_service()
        enqueue = service.app.enqueue_code_review_job
        right = enqueue.start_at_once
        wrong = NobodyIsCounted(limits=right.limits, policy=right.policy, now=right.now)
        enqueue = replace(enqueue, start_at_once=wrong)
        return replace(service, app=replace(service.app, enqueue_code_review_job=enqueue))


PLANTED = [
    SilenceRests,
    RetriesRest,
    LostWorkersAreBelieved,
    LateResultsCount,
    OldHeadsGoOn,
    PausesAreForgotten,
    HalfIsKept,
    TheWindowIsForgotten,
]


@pytest.mark.parametrize("wrong", PLANTED, ids=lambda wrong: wrong.__name__)
def test_a_planted_bug_is_found(wrong: type[EverybodyElseIsDead]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(wrong, settings=SETTINGS)
