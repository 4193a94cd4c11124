"""Percentiles from buckets are right to within a tenth."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from workflow_queue.infrastructure.job_metrics import bucket_of, percentiles, seconds_of


@given(st.floats(0.001, 86_400))
def test_a_duration_is_known_to_within_a_tenth(seconds: float) -> None:
    known = seconds_of(bucket_of(timedelta(seconds=seconds)))
    assert abs(known - seconds) <= 0.1 * seconds + 0.001


@given(st.lists(st.floats(0.001, 3600), min_size=1, max_size=200))
def test_percentiles_are_those_of_the_durations(seconds: list[float]) -> None:
    found = percentiles(Counter(bucket_of(timedelta(seconds=each)) for each in seconds))
    assert found is not None
    ordered = sorted(seconds)
    for share, value in ((0.5, found.p50), (0.95, found.p95), (0.99, found.p99)):
        rank = max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)
        assert abs(value - ordered[rank]) <= 0.1 * ordered[rank] + 0.002


def test_nothing_completed_has_no_percentiles() -> None:
    assert percentiles({}) is None
