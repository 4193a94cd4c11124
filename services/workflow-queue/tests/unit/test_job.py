"""The rules of one job."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from workflow_queue.domain.failure import ErrorClass, Failure
from workflow_queue.domain.job import IllegalTransition, StaleReport, WorkflowJob
from workflow_queue.domain.job_events import (
    AnalysisCompleted,
    DispatchRejected,
    JobCompleted,
    JobCreated,
    JobDispatched,
    JobFailed,
    JobRetryScheduled,
    Step,
    StepStarted,
)
from workflow_queue.domain.job_state import State
from workflow_queue.domain.lease import Lease
from workflow_queue.domain.pull_request import JobId
from workflow_queue_support.builders import NOON, PERMANENT, POLICY, TRANSIENT, a_pull_request


def a_pending_job() -> WorkflowJob:
    return WorkflowJob.create(
        job_id=JobId(uuid4()), pull_request=a_pull_request(), trigger="opened", now=NOON
    )


def a_running_job() -> WorkflowJob:
    job = a_pending_job()
    job.start(now=NOON, policy=POLICY)
    return job


def a_publishing_job() -> WorkflowJob:
    job = a_running_job()
    complete_analysis(job)
    return job


def a_failed_job() -> WorkflowJob:
    job = a_running_job()
    fail(job, failure=PERMANENT)
    return job


def complete_analysis(job: WorkflowJob, *, attempt: int = 1, now: datetime = NOON) -> None:
    job.complete_analysis(attempt=attempt, outcome="partial", findings=3, now=now, policy=POLICY)


def fail(
    job: WorkflowJob,
    *,
    step: Step = Step.ANALYZE,
    attempt: int = 1,
    failure: Failure = TRANSIENT,
    now: datetime = NOON,
) -> None:
    job.fail_step(step=step, attempt=attempt, failure=failure, jitter=1.0, now=now, policy=POLICY)


def wake(job: WorkflowJob, *, now: datetime) -> None:
    job.wake(jitter=1.0, now=now, policy=POLICY)


def due(job: WorkflowJob) -> datetime:
    assert job.due_at is not None
    return job.due_at


def begin_again(job: WorkflowJob) -> None:
    """Let the retry come due and be taken."""
    now = job.due_at or job.updated_at
    job.start(now=now, policy=POLICY)


def fall_silent(job: WorkflowJob) -> None:
    lease = Lease(step=job.step, attempt=job.attempt, until=NOON)
    job.wake(lease=lease, jitter=1.0, now=NOON, policy=POLICY)


def test_a_job_goes_from_created_to_completed() -> None:
    job = a_publishing_job()
    job.complete_publication(attempt=1, comments_published=2, now=NOON)

    assert [type(event) for event in job.recorded] == [
        JobCreated,
        StepStarted,
        AnalysisCompleted,
        StepStarted,
        JobCompleted,
    ]
    assert (job.state, job.outcome, job.comments_published) == (State.COMPLETED, "partial", 2)
    assert (job.due_at, job.finished_at) == (None, NOON)


def test_a_job_rebuilt_from_its_events_is_the_same_job() -> None:
    job = a_running_job()
    fail(job)
    begin_again(job)
    complete_analysis(job, attempt=2)
    fail(job, step=Step.PUBLISH, failure=PERMANENT)
    job.retry(requested_by="ana", now=NOON)

    rebuilt = WorkflowJob.rebuilt(job.recorded)

    for name in WorkflowJob.__slots__:
        if name != "recorded":
            assert getattr(rebuilt, name) == getattr(job, name), name


def test_a_transient_failure_is_retried_with_growing_waits() -> None:
    job = a_running_job()
    fail(job)
    first = due(job) - NOON
    begin_again(job)
    started = job.updated_at
    fail(job, attempt=2, now=started)

    assert job.state is State.RETRY_SCHEDULED
    assert (first, due(job) - started) == (timedelta(seconds=10), timedelta(seconds=20))


def test_jitter_spreads_retries_over_half_of_the_wait() -> None:
    waits = [POLICY.retry_at(TRANSIENT, tries=1, jitter=jitter, now=NOON) for jitter in (0.0, 1.0)]
    assert waits == [NOON + timedelta(seconds=5), NOON + timedelta(seconds=10)]


def test_the_third_failed_attempt_fails_the_job() -> None:
    job = a_running_job()
    for attempt in (1, 2):
        fail(job, attempt=attempt)
        begin_again(job)
    fail(job, attempt=3)

    assert job.recorded[-1] == JobFailed(step=Step.ANALYZE, attempts=3, failure=TRANSIENT, at=NOON)


def test_a_permanent_failure_is_not_retried() -> None:
    job = a_failed_job()
    assert job.recorded[-1] == JobFailed(step=Step.ANALYZE, attempts=1, failure=PERMANENT, at=NOON)


def test_an_error_class_of_a_later_release_is_permanent() -> None:
    assert ErrorClass.named("quantum") is ErrorClass.PERMANENT
    assert ErrorClass.named("rate_limited") is ErrorClass.RATE_LIMITED


def test_a_rate_limited_step_waits_for_the_limit_to_pass() -> None:
    job = a_running_job()
    limit = NOON + timedelta(minutes=40)
    fail(
        job,
        failure=Failure(error_class=ErrorClass.RATE_LIMITED, reason="slow down", retry_at=limit),
    )
    assert limit < due(job) <= limit + timedelta(seconds=10)


def test_no_host_can_make_a_job_wait_for_years() -> None:
    job = a_running_job()
    limit = NOON + timedelta(days=4000)
    fail(
        job,
        failure=Failure(error_class=ErrorClass.RATE_LIMITED, reason="never", retry_at=limit),
    )
    assert due(job) == NOON + POLICY.longest_wait


def test_each_step_has_its_own_three_attempts() -> None:
    job = a_running_job()
    for attempt in (1, 2):
        fail(job, attempt=attempt)
        begin_again(job)
    complete_analysis(job, attempt=3)
    fail(job, step=Step.PUBLISH)

    assert (job.state, job.step) == (State.RETRY_SCHEDULED, Step.PUBLISH)


def test_a_step_past_its_deadline_counts_as_a_failed_attempt() -> None:
    job = a_running_job()
    wake(job, now=due(job) - timedelta(seconds=1))
    assert job.state is State.RUNNING
    wake(job, now=due(job))
    last = job.recorded[-1]
    assert isinstance(last, JobRetryScheduled)
    assert last.failure.reason == "deadline of analyze passed"


Report = Callable[[WorkflowJob, int], None]
REPORTS: dict[str, Report] = {
    "analyzed": lambda job, attempt: complete_analysis(job, attempt=attempt),
    "failed": lambda job, attempt: fail(job, attempt=attempt),
    "published": lambda job, attempt: job.complete_publication(
        attempt=attempt, comments_published=0, now=NOON
    ),
    "not published": lambda job, attempt: fail(job, step=Step.PUBLISH, attempt=attempt),
}


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_of_an_older_attempt_is_refused(report: str) -> None:
    job = a_running_job()
    fail(job)
    begin_again(job)
    before = len(job.recorded)
    with pytest.raises(StaleReport):
        REPORTS[report](job, 1)
    assert len(job.recorded) == before


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_of_an_attempt_yet_to_come_is_refused(report: str) -> None:
    with pytest.raises(StaleReport):
        REPORTS[report](a_running_job(), 2)


@pytest.mark.parametrize("report", REPORTS)
def test_a_finished_job_takes_no_report(report: str) -> None:
    job = a_running_job()
    job.cancel(reason="pull_request_closed", now=NOON)
    with pytest.raises(StaleReport):
        REPORTS[report](job, 1)


def test_a_publication_cannot_be_reported_while_the_analysis_runs() -> None:
    with pytest.raises(StaleReport):
        REPORTS["published"](a_running_job(), 1)


def test_a_second_request_to_start_is_refused() -> None:
    with pytest.raises(StaleReport):
        a_running_job().start(now=NOON, policy=POLICY)


def test_a_retry_by_hand_begins_the_failed_step_anew_with_a_higher_attempt() -> None:
    job = a_publishing_job()
    fail(job, step=Step.PUBLISH, failure=PERMANENT)
    job.retry(requested_by="ana", now=NOON)
    job.start(now=NOON, policy=POLICY)

    assert (job.step, job.attempt, job.tries) == (Step.PUBLISH, 2, 1)
    assert job.reason is None


@pytest.mark.parametrize("make", [a_pending_job, a_running_job, a_publishing_job])
def test_only_a_failed_job_is_retried(make: Callable[[], WorkflowJob]) -> None:
    with pytest.raises(IllegalTransition, match="not failed"):
        make().retry(requested_by="ana", now=NOON)


def test_a_job_that_waits_anew_is_not_started_by_an_old_message() -> None:
    job = a_failed_job()
    job.retry(requested_by="ana", now=NOON)
    assert job.waits
    with pytest.raises(StaleReport):
        job.start_dispatched(now=NOON, policy=POLICY)


def test_time_alone_does_not_move_a_job_that_waits_for_its_turn() -> None:
    job = a_running_job()
    fail(job)
    before = job.version
    wake(job, now=due(job) + timedelta(days=1))
    assert (job.waits, job.version) == (True, before)


def test_a_reopened_job_analyzes_again() -> None:
    job = a_publishing_job()
    job.cancel(reason="pull_request_closed", now=NOON)
    job.reopen(now=NOON)
    job.start(now=NOON, policy=POLICY)
    assert (job.step, job.attempt) == (Step.ANALYZE, 2)


def test_a_completed_job_cannot_be_reopened_or_stopped() -> None:
    job = a_publishing_job()
    job.complete_publication(attempt=1, comments_published=0, now=NOON)
    with pytest.raises(IllegalTransition):
        job.reopen(now=NOON)
    with pytest.raises(IllegalTransition):
        job.supersede(by=JobId(uuid4()), now=NOON)


def handed_over_by_a_former_release() -> WorkflowJob:
    job = a_pending_job()
    deadline = NOON + timedelta(minutes=1)
    dispatched = JobDispatched(step=Step.ANALYZE, dispatch=1, deadline_at=deadline, at=NOON)
    rejected = DispatchRejected(reason="boom", at=NOON)
    return WorkflowJob.rebuilt([*job.recorded, dispatched, rejected])


def test_a_job_that_a_former_release_handed_over_is_started_by_its_message_or_in_time() -> None:
    job, other = handed_over_by_a_former_release(), handed_over_by_a_former_release()
    wake(job, now=due(job) - timedelta(seconds=1))
    with pytest.raises(StaleReport):
        job.start(now=NOON, policy=POLICY)
    assert job.recorded == []
    wake(job, now=due(job))
    other.start_dispatched(now=NOON, policy=POLICY)
    assert [job.state, other.state] == [State.RUNNING, State.RUNNING]


def test_a_job_that_cannot_be_started_fails_with_the_reason_and_may_be_retried() -> None:
    job = a_pending_job()
    job.give_up(reason="ValueError: boom", now=NOON)
    last = job.recorded[-1]
    assert isinstance(last, JobFailed)
    assert (last.step, last.failure.reason) == (Step.DISPATCH, "ValueError: boom")
    job.retry(requested_by="ana", now=NOON)
    job.start(now=NOON, policy=POLICY)
    assert (job.step, job.attempt) == (Step.ANALYZE, 1)


def test_a_retry_does_not_start_before_it_is_due() -> None:
    job = a_running_job()
    fail(job)
    with pytest.raises(StaleReport):
        job.start(now=due(job) - timedelta(seconds=1), policy=POLICY)
    job.start(now=due(job), policy=POLICY)
    assert job.attempt == 2


def test_history_must_begin_with_the_creation() -> None:
    with pytest.raises(IllegalTransition):
        WorkflowJob.rebuilt(a_running_job().recorded[1:])


def test_a_job_that_nobody_retries_has_a_short_history_at_worst() -> None:
    """Of each step every worker falls silent but the last, which comes to the step's end."""
    job = a_running_job()
    while job.tries < POLICY.max_attempts:
        fall_silent(job)
        begin_again(job)
    complete_analysis(job, attempt=job.attempt)
    while job.tries < POLICY.max_attempts:
        fall_silent(job)
        begin_again(job)
    fail(job, step=Step.PUBLISH, attempt=job.attempt)
    assert job.state is State.FAILED
    assert len(job.recorded) == 13
