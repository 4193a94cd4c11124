"""Reviews as MongoDB documents: string ids, scalars for what is queried, the rest as it is read."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from code_review.domain.finding import Category, Finding, Severity
from code_review.domain.review import (
    Analysis,
    ErrorClass,
    Failure,
    JobId,
    MissingStage,
    Result,
    Review,
    Status,
    Subject,
)

Document: TypeAlias = dict[str, Any]


def to_document(review: Review) -> Document:
    subject = review.subject
    return {
        "_id": str(review.id),
        "job_id": str(subject.job_id),
        "organization_id": str(subject.organization_id),
        "repository_id": str(subject.repository_id),
        "repository_full_name": subject.repository_full_name,
        "pull_request_number": subject.pull_request_number,
        "head_sha": subject.head_sha,
        "change_set_id": subject.change_set_id,
        # Lists are ordered by this one text, which an index and every server can compare.
        "place": f"{review.created_at.isoformat(timespec='microseconds')} {review.id}",
        "attempt": review.attempt,
        "status": review.status.value,
        "created_at": review.created_at.isoformat(),
        "updated_at": review.updated_at.isoformat(),
        "timings": [[stage, spent] for stage, spent in review.timings.items()],
        "analysis": _analysis(review.analysis),
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
        "findings": [_finding(each) for each in analysis.findings],
        "unplaceable": sorted(analysis.unplaceable),
        "missing": [[each.stage, each.reason] for each in analysis.missing],
        "files": analysis.files,
        "lines": analysis.lines,
    }


def _to_analysis(stored: Document | None) -> Analysis | None:
    if stored is None:
        return None
    return Analysis(
        findings=tuple(_to_finding(each) for each in stored["findings"]),
        unplaceable=frozenset(stored["unplaceable"]),
        missing=tuple(MissingStage(*each) for each in stored["missing"]),
        files=stored["files"],
        lines=stored["lines"],
    )


def _result(result: Result | None) -> Document | None:
    if result is None:
        return None
    return {
        "summary": result.summary,
        "comments": [_finding(each) for each in result.comments],
        "listed": [_finding(each) for each in result.listed],
    }


def _to_result(stored: Document | None) -> Result | None:
    if stored is None:
        return None
    return Result(
        summary=stored["summary"],
        comments=tuple(_to_finding(each) for each in stored["comments"]),
        listed=tuple(_to_finding(each) for each in stored["listed"]),
    )


def _finding(finding: Finding) -> Document:
    document = asdict(finding)
    return {**document, "severity": finding.severity.value, "category": finding.category.value}


def _to_finding(stored: Document) -> Finding:
    return Finding(
        **{
            **stored,
            "severity": Severity(stored["severity"]),
            "category": Category(stored["category"]),
        }
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
