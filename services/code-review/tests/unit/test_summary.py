"""What people are told, and that they are never told more than was looked at."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from code_review.domain.analysis import Analysis, Outcome
from code_review.domain.finding import Finding, Severity
from code_review.domain.model_review import BundleOutcome, ModelReview
from code_review.domain.model_usage import Usage
from code_review.domain.selection import Budget, Selection, select
from code_review.domain.summary import accounts, summarise
from code_review_support.builders import a_finding, an_analysis
from hypothesis import given
from hypothesis import strategies as st

CLEAN = "No problem was found"


def selected(*findings: Finding, comments: int = 20) -> Selection:
    return select(findings, frozenset(), Budget(comments=comments, summary=2))


def test_a_clean_review_says_what_it_read() -> None:
    said = summarise(an_analysis(), selected())
    assert said == "Read: 2 changed lines in 1 file. No problem was found in what was read."


def test_what_is_missing_is_said_first() -> None:
    said = summarise(an_analysis(failure="timed out"), selected(a_finding()))
    assert said.startswith("Not everything was looked at.")


def test_findings_are_counted_by_severity_from_the_worst() -> None:
    low, high = a_finding(severity=Severity.LOW), a_finding(line=2)
    said = summarise(an_analysis(), selected(low, high, a_finding(line=3)))
    assert said.endswith("3 findings: 2 high, 1 low.")


def test_what_is_not_on_its_line_is_said_to_be_listed_and_what_is_not_shown_is_counted() -> None:
    findings = [a_finding(line=line) for line in range(1, 7)]
    analysis = replace(an_analysis(), outcomes={"ruff": Outcome(dropped=10)})
    said = summarise(analysis, selected(*findings, comments=1))
    assert "1 on their lines, the others listed below." in said
    assert said.endswith("13 more of the least weight are not shown.")


def test_files_no_analyzer_reads_are_counted() -> None:
    said = summarise(replace(an_analysis(), unread=3), selected())
    assert "Not of a kind that an analyzer reads: 3 files." in said


def a_model_review(**changes: Any) -> ModelReview:
    paid = Usage(requests=2, input_tokens=12_345, output_tokens=678, cost_usd=Decimal("0.00451"))
    answered = BundleOutcome(paths=("a.go", "b.go"), usage=paid, seconds=8.21)
    review = ModelReview(model="gpt-5-mini", prompt_version="1", ended=True, **changes)
    return review.with_outcome("k", answered)


def test_the_last_line_says_what_the_model_cost() -> None:
    said = summarise(replace(an_analysis(), model_review=a_model_review()), selected())
    assert said.splitlines()[-1] == (
        "Model gpt-5-mini: 2 requests, 12,345 tokens in, 678 out, $0.0045, 8.2 s, prompt 1."
    )


def test_what_is_not_known_of_the_costs_is_said() -> None:
    unknown = Usage(requests=1, unreported=1, cost_usd=None)
    said = accounts(replace(a_model_review(), usage=unknown))
    assert "1 request (1 without figures), 0 tokens in, 0 out, price unknown" in said


def test_a_change_that_only_the_model_reads_is_clean_when_it_says_so() -> None:
    analysis = Analysis(files=0, lines=0, unread=2, model_review=a_model_review())
    said = summarise(analysis, selected())
    assert said.startswith("Read by the model: 2 files. No problem was found in what was read.")


def test_files_of_kinds_that_nobody_reviews_are_counted() -> None:
    review = a_model_review(skipped={"lock": 1, "generated": 2})
    said = summarise(replace(an_analysis(), model_review=review), selected())
    assert "Not reviewed, because of their kind (generated, lock): 3 files." in said


def test_what_the_model_did_not_read_makes_the_review_incomplete() -> None:
    review = a_model_review(not_read={"c.go": "over the budget"})
    analysis = replace(an_analysis(), model_review=review)
    assert [each.stage for each in analysis.missing] == ["review"]
    assert summarise(analysis, selected()).startswith("Not everything was looked at.")


def test_a_change_no_analyzer_reads_is_not_called_clean() -> None:
    analysis = replace(an_analysis(), files=0, lines=0, unread=1)
    said = summarise(analysis, selected())
    assert said.startswith("This change has no lines that an analyzer reads.")
    assert CLEAN not in said


@given(
    unseen=st.none() | st.just("too large"),
    failures=st.lists(st.none() | st.just("crashed"), min_size=1, max_size=3),
    files=st.integers(0, 3),
)
def test_an_incomplete_review_always_says_so(
    unseen: str | None, failures: list[str | None], files: int
) -> None:
    outcomes = {str(n): Outcome(failure=each) for n, each in enumerate(failures)}
    analysis = Analysis(files=files, lines=files, unseen=unseen, outcomes=outcomes)
    said = summarise(analysis, selected())
    incomplete = unseen is not None or any(failures)
    assert said.startswith("Not everything was looked at.") is incomplete
    assert len(analysis.missing) == (unseen is not None) + sum(map(bool, failures))
