"""From messages between services to what the outside may know of them.

Members are named as in `/v1/jobs` and `/v1/reviews`; findings and summaries stay there.
"""

import json
from typing import Annotated, Any, TypeAlias, assert_never
from uuid import UUID

from code_review_contracts.events import ReviewCompletedV1, ReviewFailedV1, ReviewStartedV1
from crivo_contracts.event import Failure
from platform_integration_contracts.events import ReviewPublicationFailedV1, ReviewPublishedV1
from pydantic import Field
from workflow_queue_contracts.events import (
    JobCancelledV1,
    JobCompletedV1,
    JobCreatedV1,
    JobFailedV1,
    JobRetryScheduledV1,
    JobSkippedV1,
    JobStartedV1,
    JobSupersededV1,
)

from gateway.application.live import Change

JobNews: TypeAlias = (
    JobCreatedV1
    | JobStartedV1
    | JobRetryScheduledV1
    | JobCompletedV1
    | JobFailedV1
    | JobSkippedV1
    | JobSupersededV1
    | JobCancelledV1
)
ReviewNews: TypeAlias = (
    ReviewStartedV1
    | ReviewCompletedV1
    | ReviewFailedV1
    | ReviewPublishedV1
    | ReviewPublicationFailedV1
)
News: TypeAlias = Annotated[JobNews | ReviewNews, Field(discriminator="type")]
Members: TypeAlias = dict[str, Any]


def change(news: JobNews | ReviewNews, message_id: UUID) -> Change:
    _, name, _ = news.type.split(".")
    match news:
        case (
            ReviewStartedV1()
            | ReviewCompletedV1()
            | ReviewFailedV1()
            | ReviewPublishedV1()
            | ReviewPublicationFailedV1()
        ):
            members = _of_review(news)
        case _:
            members = _of_job(news)
    told = {"job_id": str(news.job_id), **members, "occurred_at": news.occurred_at.isoformat()}
    return Change(
        message_id=message_id,
        organization_id=news.organization_id,
        name=name,
        data=json.dumps({each: value for each, value in told.items() if value is not None}),
    )


def _of_job(news: JobNews) -> Members:
    return {
        **_state(news),
        "repository_id": str(news.repository_id),
        "pull_request_number": news.pull_request_number,
        "head_sha": news.head_sha,
    }


def _state(news: JobNews) -> Members:
    match news:
        case JobCreatedV1():
            return {"state": "pending", "trigger": news.trigger}
        case JobStartedV1():
            return {"state": "running", "attempt": news.attempt}
        case JobRetryScheduledV1():
            tried = {"step": news.step, "attempt": news.attempt, **_why(news.failure)}
            again = news.retry_at.isoformat()
            return {"state": "retry_scheduled", **tried, "next_attempt_at": again}
        case JobCompletedV1():
            done = {"outcome": news.outcome, "comments_published": news.comments_published}
            return {"state": "completed", **done}
        case JobFailedV1():
            tried = {"step": news.step, "attempt": news.attempts, **_why(news.failure)}
            return {"state": "failed", **tried}
        case JobSkippedV1():
            return {"state": "skipped", "reason": news.reason}
        case JobSupersededV1():
            return {"state": "superseded", "superseded_by": str(news.superseded_by)}
        case JobCancelledV1():
            return {"state": "cancelled", "reason": news.reason}
        case _:
            assert_never(news)


def _of_review(news: ReviewNews) -> Members:
    review = {"review_id": str(news.review_id), "attempt": news.attempt}
    match news:
        case ReviewStartedV1():
            return review
        case ReviewCompletedV1():
            return {**review, "outcome": news.outcome}
        case ReviewFailedV1() | ReviewPublicationFailedV1():
            return {**review, **_why(news.failure)}
        case ReviewPublishedV1():
            return {
                **review,
                "repository_id": str(news.repository_id),
                "pull_request_number": news.pull_request_number,
                "head_sha": news.head_sha,
                "comments_published": news.comments_published,
                "url": news.url,
            }
        case _:
            assert_never(news)


def _why(failure: Failure) -> Members:
    return {"error_class": failure.error_class, "reason": failure.reason}
