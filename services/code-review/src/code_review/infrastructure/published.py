"""Domain event -> contract."""

from typing import assert_never

import code_review_contracts.events as contract
from crivo_contracts.event import Event
from crivo_contracts.event import Failure as FailureContract
from crivo_messaging.envelope import Envelope

from code_review.domain.finding import Finding
from code_review.domain.review import (
    Review,
    ReviewEnded,
    ReviewEvent,
    ReviewFailed,
    ReviewStarted,
)

SOURCE = "code-review"
MOST_REASON = 2000


def published(review: Review, event: ReviewEvent) -> Envelope:
    return Envelope.of(
        _message(review, event),
        source=SOURCE,
        exchange=contract.EXCHANGE,
        subject=str(review.id),
        sequence=review.revision + 1,
    )


def _message(review: Review, event: ReviewEvent) -> Event:
    match event:
        case ReviewStarted():
            return contract.ReviewStartedV1(
                organization_id=review.subject.organization_id,
                occurred_at=event.at,
                job_id=review.subject.job_id,
                attempt=review.attempt,
                review_id=review.id,
            )
        case ReviewEnded():
            return _completed(review, event)
        case ReviewFailed():
            failure = event.failure
            return contract.ReviewFailedV1(
                organization_id=review.subject.organization_id,
                occurred_at=event.at,
                job_id=review.subject.job_id,
                attempt=review.attempt,
                review_id=review.id,
                failure=FailureContract(
                    error_class=failure.error_class,
                    reason=failure.reason[:MOST_REASON],
                    retry_at=failure.retry_at,
                ),
            )
        case _:
            assert_never(event)


def _completed(review: Review, event: ReviewEnded) -> contract.ReviewCompletedV1:
    assert review.result is not None  # noqa: S101 - the event says so
    assert review.analysis is not None  # noqa: S101
    return contract.ReviewCompletedV1(
        organization_id=review.subject.organization_id,
        occurred_at=event.at,
        job_id=review.subject.job_id,
        attempt=review.attempt,
        review_id=review.id,
        outcome=review.status,
        summary=review.result.summary,
        findings=tuple(_finding(each) for each in review.result.comments),
        summary_findings=tuple(_finding(each) for each in review.result.listed),
        missing_stages=tuple(
            contract.MissingStage(stage=each.stage, reason=each.reason[:MOST_REASON])
            for each in review.analysis.missing
        ),
        timings=tuple(
            contract.StageTiming(stage=stage, milliseconds=milliseconds)
            for stage, milliseconds in review.timings.items()
        ),
    )


def _finding(finding: Finding) -> contract.Finding:
    return contract.Finding(
        path=finding.path,
        start_line=finding.start_line,
        end_line=finding.end_line,
        severity=finding.severity,
        category=finding.category,
        title=finding.title,
        explanation=finding.explanation,
        confidence=finding.confidence,
        source=finding.source,
        fingerprint=finding.fingerprint,
        replacement=finding.replacement,
    )
