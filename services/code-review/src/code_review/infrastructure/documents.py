"""Reviews as MongoDB documents: string ids, scalars for what is queried, the rest as it is read."""

from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from code_review.application.views import place
from code_review.domain.analysis import Analysis, Outcome
from code_review.domain.review import (
    ErrorClass,
    Failure,
    JobId,
    Result,
    Review,
    Status,
    Subject,
)
from code_review.infrastructure.finding_documents import (
    from_finding_document,
    to_finding_document,
)
from code_review.infrastructure.model_review_documents import from_stored, shown, to_stored

Document: TypeAlias = dict[str, Any]


def to_document(review: Review) -> Document:
    subject, analysis = review.subject, review.analysis
    return {
        "_id": str(review.id),
        "job_id": str(subject.job_id),
        "organization_id": str(subject.organization_id),
        "repository_id": str(subject.repository_id),
        "repository_full_name": subject.repository_full_name,
        "pull_request_number": subject.pull_request_number,
        "head_sha": subject.head_sha,
        "change_set_id": subject.change_set_id,
        "place": place(review.created_at, review.id),
        "attempt": review.attempt,
        "status": review.status.value,
        "created_at": review.created_at.isoformat(),
        "updated_at": review.updated_at.isoformat(),
        "timings": [[stage, spent] for stage, spent in review.timings.items()],
        "analysis": _analysis(analysis),
        # For views, which need not know how it follows from the analysis.
        "missing": [[each.stage, each.reason] for each in analysis.missing] if analysis else [],
        "model": shown(analysis.model_review) if analysis else None,
        "result": _result(review.result),
        "failure": _failure(review.failure),
    }


def from_document(stored: Document) -> Review:
    return Review(
        subject=Subject(
            job_id=JobId(UUID(stored["job_id"])),
            organization_id=UUID(stored["organization_id"]),
            repository_id=UUID(stored["repository_id"]),
            repository_full_name=stored["repository_full_name"],
            pull_request_number=stored["pull_request_number"],
            head_sha=stored["head_sha"],
            change_set_id=stored["change_set_id"],
        ),
        attempt=stored["attempt"],
        status=Status(stored["status"]),
        created_at=_moment(stored["created_at"]),
        updated_at=_moment(stored["updated_at"]),
        timings=dict(stored["timings"]),
        analysis=_to_analysis(stored["analysis"]),
        result=_to_result(stored["result"]),
        failure=_to_failure(stored["failure"]),
        revision=stored["revision"],
    )


def _analysis(analysis: Analysis | None) -> Document | None:
    if analysis is None:
        return None
    return {
        "files": analysis.files,
        "lines": analysis.lines,
        "unread": analysis.unread,
        "unseen": analysis.unseen,
        "outcomes": [_outcome(name, each) for name, each in analysis.outcomes.items()],
        "model_review": to_stored(analysis.model_review) if analysis.model_review else None,
    }


def _to_analysis(stored: Document | None) -> Analysis | None:
    if stored is None:
        return None
    outcomes = {each["analyzer"]: _to_outcome(each) for each in stored["outcomes"]}
    return Analysis(
        files=stored["files"],
        lines=stored["lines"],
        unread=stored["unread"],
        unseen=stored["unseen"],
        outcomes=outcomes,
        # Reviews that were begun by a release without a model have none.
        model_review=from_stored(asked) if (asked := stored.get("model_review")) else None,
    )


def _outcome(analyzer: str, outcome: Outcome) -> Document:
    return {
        "analyzer": analyzer,
        "findings": [to_finding_document(each) for each in outcome.findings],
        "unplaceable": sorted(outcome.unplaceable),
        "dropped": outcome.dropped,
        "failure": outcome.failure,
    }


def _to_outcome(stored: Document) -> Outcome:
    return Outcome(
        findings=tuple(from_finding_document(each) for each in stored["findings"]),
        unplaceable=frozenset(stored["unplaceable"]),
        dropped=stored["dropped"],
        failure=stored["failure"],
    )


def _result(result: Result | None) -> Document | None:
    if result is None:
        return None
    return {
        "summary": result.summary,
        "comments": [to_finding_document(each) for each in result.comments],
        "listed": [to_finding_document(each) for each in result.listed],
    }


def _to_result(stored: Document | None) -> Result | None:
    if stored is None:
        return None
    return Result(
        summary=stored["summary"],
        comments=tuple(from_finding_document(each) for each in stored["comments"]),
        listed=tuple(from_finding_document(each) for each in stored["listed"]),
    )


def _failure(failure: Failure | None) -> Document | None:
    if failure is None:
        return None
    return {
        "error_class": failure.error_class.value,
        "reason": failure.reason,
        "retry_at": failure.retry_at.isoformat() if failure.retry_at else None,
    }


def _to_failure(stored: Document | None) -> Failure | None:
    if stored is None:
        return None
    return Failure(
        error_class=ErrorClass(stored["error_class"]),
        reason=stored["reason"],
        retry_at=_moment(stored["retry_at"]) if stored["retry_at"] else None,
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
