"""Events outlive the code that wrote them."""

from dataclasses import dataclass, replace
from typing import get_args
from uuid import UUID

import pytest
from workflow_queue.domain.failure import ErrorClass, Failure
from workflow_queue.domain.job_events import (
    AnalysisCompleted,
    DeadlineMoved,
    DispatchRejected,
    JobCancelled,
    JobCompleted,
    JobCreated,
    JobDispatched,
    JobEvent,
    JobFailed,
    JobReopened,
    JobRetried,
    JobRetryScheduled,
    JobSkipped,
    JobSuperseded,
    LeaseLost,
    Step,
    StepStarted,
)
from workflow_queue.domain.pull_request import JobId
from workflow_queue.infrastructure.stored_events import NAMES, UnknownEvent, restored, stored
from workflow_queue_support.builders import NOON, TRANSIENT, a_pull_request

ID = JobId(UUID(int=1))
LIMITED = Failure(error_class=ErrorClass.RATE_LIMITED, reason="slow down", retry_at=NOON)
EVENTS: list[JobEvent] = [
    JobCreated(job_id=ID, pull_request=a_pull_request(), trigger="opened", at=NOON),
    JobDispatched(step=Step.ANALYZE, dispatch=1, deadline_at=NOON, at=NOON),
    DispatchRejected(reason="boom", at=NOON),
    StepStarted(step=Step.PUBLISH, attempt=2, deadline_at=NOON, at=NOON),
    DeadlineMoved(step=Step.ANALYZE, attempt=1, deadline_at=NOON, at=NOON),
    LeaseLost(step=Step.PUBLISH, attempt=1, reason="silence", at=NOON),
    AnalysisCompleted(attempt=1, outcome="partial", findings=3, at=NOON),
    JobRetryScheduled(step=Step.ANALYZE, attempt=1, failure=LIMITED, retry_at=NOON, at=NOON),
    JobCompleted(attempt=1, outcome="complete", comments_published=2, at=NOON),
    JobFailed(step=Step.DISPATCH, attempts=3, failure=TRANSIENT, at=NOON),
    JobSkipped(reason="draft", at=NOON),
    JobSuperseded(superseded_by=ID, at=NOON),
    JobCancelled(reason="pull_request_closed", at=NOON),
    JobRetried(requested_by="ana", at=NOON),
    JobReopened(at=NOON),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_read_as_it_was_stored(event: JobEvent) -> None:
    assert restored(*stored(event)) == event


def test_every_event_has_a_name_of_its_own_and_a_sample_here() -> None:
    assert set(NAMES) == set(get_args(JobEvent)) == {type(event) for event in EVENTS}
    assert len({name for name, _ in NAMES.values()}) == len(NAMES)


def test_an_older_schema_version_is_brought_up_to_date() -> None:
    @dataclass
    class Calls:
        seen: int = 0

    calls = Calls()

    def rename(data: dict[str, object]) -> dict[str, object]:
        calls.seen += 1
        return {"reason": data["why"], "at": data["at"]}

    old = {"why": "draft", "at": NOON.isoformat()}
    event = restored("job_skipped", 0, old, upcasters={("job_skipped", 0): rename})
    assert event == JobSkipped(reason="draft", at=NOON)
    assert calls.seen == 1


def test_a_job_of_an_earlier_release_has_no_description() -> None:
    created = JobCreated(job_id=ID, pull_request=a_pull_request(), trigger="opened", at=NOON)
    name, version, data = stored(created)
    del data["pull_request"]["description"]
    expected = replace(created, pull_request=a_pull_request(description=None))
    assert restored(name, version, data) == expected


@pytest.mark.parametrize(("name", "version"), [("job_teleported", 1), ("job_skipped", 9)])
def test_an_event_of_a_later_release_is_refused(name: str, version: int) -> None:
    with pytest.raises(UnknownEvent):
        restored(name, version, {"reason": "draft", "at": NOON.isoformat()})
