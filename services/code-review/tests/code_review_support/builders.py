"""Findings, changes and reviews with everything filled in but what a test is about."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

from code_review.application.analyze_pull_request import AnalyzePullRequest
from code_review.domain.analysis import Analysis, Outcome
from code_review.domain.change_set import ChangedFile, ChangeSet
from code_review.domain.claims import Claim
from code_review.domain.diff import Diff, Hunk
from code_review.domain.finding import Category, Finding, Severity
from code_review.domain.review import ErrorClass, Failure, JobId, Result, Review, Subject
from code_review.domain.selection import on_changed_lines

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORGANIZATION = UUID("019a0000-0000-7000-8000-000000000001")
REPOSITORY = UUID("019a0000-0000-7000-8000-000000000002")
CHANGE_SET_ID = "019a0000-0000-7000-8000-000000000002.7.aaaa.bbbb"
TRANSIENT = Failure(error_class=ErrorClass.TRANSIENT, reason="timed out")


def a_subject(job_id: JobId | None = None, *, organization_id: UUID = ORGANIZATION) -> Subject:
    return Subject(
        job_id=job_id or JobId(uuid4()),
        organization_id=organization_id,
        repository_id=REPOSITORY,
        repository_full_name="acme/shop",
        pull_request_number=7,
        head_sha="b" * 40,
        change_set_id=CHANGE_SET_ID,
    )


def a_command(
    subject: Subject | None = None, *, attempt: int = 1, sequence: int = 3
) -> AnalyzePullRequest:
    return AnalyzePullRequest(subject=subject or a_subject(), attempt=attempt, sequence=sequence)


def a_finding(
    path: str = "cart.py",
    line: int = 1,
    *,
    end_line: int | None = None,
    severity: Severity = Severity.HIGH,
    category: Category = Category.BUG,
    title: str = "A mutable default",
    explanation: str = "It is shared by all calls.",
    source: str = "ruff:B006",
    confidence: float = 1.0,
    replacement: str | None = None,
    fingerprint: str = "",
) -> Finding:
    return Finding(
        path=path,
        start_line=line,
        end_line=end_line or line,
        severity=severity,
        category=category,
        title=title,
        explanation=explanation,
        source=source,
        confidence=confidence,
        replacement=replacement,
        fingerprint=fingerprint,
    )


def a_claim(path: str = "cart.py", line: int = 2) -> Claim:
    return Claim(
        path=path,
        line=line,
        end_line=line,
        severity=Severity.HIGH,
        category=Category.SECURITY,
        title="eval of what a user sends",
        explanation="It runs whatever the request says.",
        fix="Parse it.",
        evidence="return eval(item)",
    )


def a_changed_file(
    path: str = "cart.py",
    content: str | None = "one\ntwo\n",
    *,
    status: str = "modified",
    omitted_reason: str | None = None,
) -> ChangedFile:
    return ChangedFile(path=path, status=status, content=content, omitted_reason=omitted_reason)


def a_change_set(
    *files: ChangedFile,
    added: Mapping[str, frozenset[int]] | None = None,
    truncated: bool = False,
) -> ChangeSet:
    """One hunk over each file whole, which wrote all of its lines, unless told which."""
    chosen = files or (a_changed_file(),)
    hunks: dict[str, tuple[Hunk, ...]] = {}
    for file in chosen:
        lines = (file.content or "").count("\n")
        every = frozenset(range(1, lines + 1))
        written = (added or {}).get(file.path, every)
        hunks[file.path] = (Hunk(start=1, end=lines, added=written),) if lines else ()
    return ChangeSet(diff=Diff(hunks), files=chosen, truncated=truncated)


def fingerprints(findings: list[Finding], change_set: ChangeSet) -> list[str]:
    return [each.fingerprint for each in on_changed_lines(findings, change_set)]


def an_analysis(*findings: Finding, failure: str | None = None) -> Analysis:
    """Of ruff, with these findings; and of ast-grep, which failed when told how."""
    analysis = Analysis(files=1, lines=2).with_outcome("ruff", Outcome(findings=findings))
    return analysis if failure is None else analysis.with_outcome("ast-grep", _failed(failure))


def _failed(reason: str) -> Outcome:
    return Outcome(failure=reason)


def a_review(subject: Subject | None = None, *, attempt: int = 1, now: datetime = NOON) -> Review:
    return Review.begin(subject or a_subject(), attempt=attempt, now=now)


def an_ended_review(
    subject: Subject | None = None, *, analysis: Analysis | None = None, now: datetime = NOON
) -> Review:
    review = a_review(subject, now=now)
    looked_at = analysis or an_analysis()
    review.begin_analysis(looked_at, now)
    for name, outcome in looked_at.outcomes.items():
        review.checkpoint(name, outcome, now)
    review.end(Result(summary="ok", comments=looked_at.findings, listed=()), now)
    return review
