"""What a history says about each try."""

from datetime import timedelta

from workflow_queue.application.job_views import AttemptView, HistoryEntry, attempts_of
from workflow_queue.domain.job_events import StageTime
from workflow_queue_support.builders import NOON

STAGES = (StageTime(stage="analyze:ruff", milliseconds=12.5),)


def history(*entries: tuple[str, dict[str, object]]) -> list[HistoryEntry]:
    return [
        HistoryEntry(
            sequence=number,
            event=event,
            at=NOON + timedelta(seconds=number),
            **fields,  # type: ignore[arg-type]
        )
        for number, (event, fields) in enumerate(entries, 1)
    ]


def test_each_try_is_shown_with_its_times_its_error_and_its_stages() -> None:
    attempts = attempts_of(
        history(
            ("job_created", {}),
            ("step_started", {"step": "analyze", "attempt": 1}),
            ("job_retry_scheduled", {"reason": "timed out", "error_class": "transient"}),
            ("job_dispatched", {"step": "analyze", "attempt": 1}),
            ("step_started", {"step": "analyze", "attempt": 2}),
            ("deadline_moved", {"step": "analyze", "attempt": 2}),
            ("analysis_completed", {"attempt": 2, "outcome": "partial", "stages": STAGES}),
            ("step_started", {"step": "publish", "attempt": 1}),
        )
    )
    assert attempts == [
        AttemptView(
            step="analyze",
            attempt=1,
            started_at=NOON + timedelta(seconds=2),
            ended_at=NOON + timedelta(seconds=3),
            outcome="failed",
            reason="timed out",
            error_class="transient",
        ),
        AttemptView(
            step="analyze",
            attempt=2,
            started_at=NOON + timedelta(seconds=5),
            ended_at=NOON + timedelta(seconds=7),
            outcome="completed",
            stages=STAGES,
        ),
        AttemptView(step="publish", attempt=1, started_at=NOON + timedelta(seconds=8)),
    ]


def test_a_job_that_ends_before_it_runs_had_no_try() -> None:
    assert attempts_of(history(("job_created", {}), ("job_superseded", {}))) == []
