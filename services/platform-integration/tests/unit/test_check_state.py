"""What the check says of a review that is not done."""

from datetime import UTC, datetime

import pytest
from platform_integration.presentation.consumers import check_state
from platform_integration_support.builders import HEAD, ORGANIZATION
from uuid_utils.compat import uuid7
from workflow_queue_contracts.events import JobSkippedV1


def skipped(reason: str) -> JobSkippedV1:
    return JobSkippedV1(
        organization_id=ORGANIZATION,
        occurred_at=datetime(2026, 11, 24, tzinfo=UTC),
        job_id=uuid7(),
        repository_id=uuid7(),
        pull_request_number=7,
        head_sha=HEAD,
        reason=reason,
    )


@pytest.mark.parametrize("reason", ["draft", "paused", "manual"])
def test_a_skipped_review_says_how_to_get_one(reason: str) -> None:
    state = check_state(skipped(reason))
    assert (state.status, state.conclusion, state.title) == ("completed", "neutral", "Not reviewed")
    assert "`@crivo review`" in state.summary


def test_a_reason_of_a_later_release_is_shown_as_it_is() -> None:
    assert check_state(skipped("seat_missing")).summary == "seat_missing"
