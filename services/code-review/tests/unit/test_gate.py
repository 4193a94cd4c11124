"""What a model claims is shown only where the change bears it out."""

from typing import Any

import pytest
from code_review.domain.change_set import ChangeSet
from code_review.domain.claims import Claim
from code_review.domain.diff import Diff, Hunk, RemovedLines
from code_review.domain.finding import Category, Finding, Severity
from code_review.domain.gate import MOST_CLAIMS, MOST_EXPLANATION, Rejection, check, inert
from code_review.domain.visible_text import shown_line
from code_review_support.builders import a_change_set, a_changed_file

LINES = [f"line_{number} = {number}" for number in range(1, 41)]
LINES[20] = "    return total(items)"


def a_change() -> ChangeSet:
    """Two hunks: lines 3 to 9, of which 5 and 6 are new, and 20 to 24 where something went."""
    hunks = (
        Hunk(start=3, end=9, added=frozenset({5, 6})),
        Hunk(
            start=20,
            end=24,
            added=frozenset(),
            removed=(RemovedLines(before=21, text=("    if not items:", "        return 0")),),
        ),
    )
    file = a_changed_file("shop/cart.py", "\n".join(LINES))
    other = a_changed_file("gone.py", None, status="removed")
    return ChangeSet(diff=Diff({"shop/cart.py": hunks}), files=(file, other), truncated=False)


def a_claim(**changes: Any) -> Claim:
    said = {
        "path": "shop/cart.py",
        "line": 5,
        "end_line": 5,
        "severity": Severity.HIGH,
        "category": Category.BUG,
        "title": "line_5 is off by one",
        "explanation": "With no items it is wrong.",
        "fix": "Use `4`.",
        "evidence": "line_5 = 5",
    }
    return Claim(**{**said, **changes})


def places(*claims: Claim) -> list[tuple[int, int]]:
    return [(each.start_line, each.end_line) for each in check(claims, a_change()).findings]


def test_a_claim_that_the_change_bears_out_becomes_a_finding_with_its_fix() -> None:
    (finding,) = check([a_claim()], a_change()).findings
    assert (finding.path, finding.start_line, finding.end_line) == ("shop/cart.py", 5, 5)
    assert finding.explanation == "With no items it is wrong.\n\nFix: Use `4`."
    assert (finding.source, finding.analyzer) == ("model:review", "model")
    assert len(finding.fingerprint) == 32


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (a_claim(path="shop/invented.py"), Rejection.UNKNOWN_FILE),
        (a_claim(path="gone.py"), Rejection.UNKNOWN_FILE),
        (a_claim(path="../../etc/passwd"), Rejection.UNKNOWN_FILE),
        (a_claim(evidence="eval(secret_of_nobody)"), Rejection.NO_EVIDENCE),
        (a_claim(evidence=""), Rejection.NO_EVIDENCE),
        (a_claim(evidence="})"), Rejection.NO_EVIDENCE),
        (a_claim(evidence="= 5"), Rejection.NO_EVIDENCE),
        # It stands in the file, but not in the change.
        (a_claim(line=15, end_line=15, evidence="line_15 = 15"), Rejection.NO_EVIDENCE),
        (a_claim(title=" \n"), Rejection.EMPTY),
        (a_claim(explanation="\x00\x1b"), Rejection.EMPTY),
    ],
)
def test_what_the_change_does_not_bear_out_is_counted_and_not_shown(
    claim: Claim, reason: Rejection
) -> None:
    checked = check([claim], a_change())
    assert (checked.findings, checked.rejected) == ((), {reason.value: 1})


def test_quoted_code_that_stands_at_one_other_place_decides_where_the_comment_goes() -> None:
    assert places(a_claim(line=8, end_line=9)) == [(5, 5)]
    assert places(a_claim(line=10**30, end_line=10**31)) == [(5, 5)]
    assert places(a_claim(line=-7, end_line=-9)) == [(5, 5)]


def test_quoted_code_that_stands_at_several_other_places_proves_nothing() -> None:
    elsewhere = a_claim(line=30, end_line=30, evidence="line_")
    many = a_claim(line=30, end_line=30, evidence="line_2")
    assert check([elsewhere], a_change()).findings == ()
    assert check([many], a_change()).rejected == {Rejection.OUTSIDE.value: 1}


def test_a_range_within_a_hunk_stays_whole_and_any_other_shrinks_to_the_quoted_line() -> None:
    assert places(a_claim(line=4, end_line=7)) == [(4, 7)]
    assert places(a_claim(line=4, end_line=22)) == [(5, 5)]
    assert places(a_claim(line=1, end_line=10**30)) == [(5, 5)]


@pytest.mark.parametrize("evidence", ["    5 + line_5 = 5", "+ line_5 = 5", "\n\tline_5  =  5\nx"])
def test_the_marks_of_the_prompt_and_white_space_do_not_matter(evidence: str) -> None:
    assert places(a_claim(evidence=evidence)) == [(5, 5)]


def test_code_is_quoted_as_the_model_was_shown_it() -> None:
    long, hidden = "x = [" + "1, " * 300 + "]", "is_admin\u202e = True"
    file = a_changed_file("odd.py", f"{long}\n{hidden}\n")
    change = a_change_set(file)
    claims = [
        a_claim(path="odd.py", line=1, end_line=1, evidence=shown_line(long)),
        a_claim(path="odd.py", line=2, end_line=2, evidence="is_admin\\u202e = True"),
    ]
    assert [each.start_line for each in check(claims, change).findings] == [1, 2]


def test_removed_code_is_evidence_for_the_line_it_stood_before() -> None:
    assert places(a_claim(line=21, end_line=21, evidence="if not items:")) == [(21, 21)]
    assert places(a_claim(line=1, end_line=1, evidence="- if not items:")) == [(21, 21)]


def test_a_file_gets_a_few_comments_the_gravest_first() -> None:
    claims = [
        a_claim(line=number, end_line=number, evidence=LINES[number - 1], severity=severity)
        for number, severity in zip(
            (3, 4, 5, 6), (Severity.LOW, Severity.HIGH, Severity.MEDIUM, Severity.HIGH), strict=True
        )
    ]
    checked = check(claims, a_change())
    assert [each.severity for each in checked.findings].count(Severity.LOW) == 0
    assert checked.rejected == {Rejection.TOO_MANY.value: 1}


def test_the_same_lines_are_claimed_once_in_a_category() -> None:
    twice = [a_claim(), a_claim(title="line_5 again"), a_claim(category=Category.SECURITY)]
    checked = check(twice, a_change())
    assert len(checked.findings) == 2
    assert checked.rejected == {Rejection.REPEATED.value: 1}


def test_of_five_hundred_claims_nearly_all_are_only_counted() -> None:
    checked = check([a_claim()] * 500, a_change())
    assert len(checked.findings) == 1
    assert sum(checked.rejected.values()) == 499
    assert checked.rejected[Rejection.TOO_MANY.value] == 500 - MOST_CLAIMS


@pytest.mark.parametrize(
    "said", [" " * 1_000_000, "\n" * 1_000_000, "1" * 1_000_000, "+ " * 500_000, "`" * 1_000_000]
)
def test_a_million_characters_are_judged_as_fast_as_a_thousand(said: str) -> None:
    assert places(a_claim(evidence=said)) == []
    for text in (f"{said}x", "a." * 500_000, "a://" * 250_000):
        claims = [a_claim(title=f"x {text}", explanation=f"x {text}", fix=text)] * MOST_CLAIMS
        assert len(check(claims, a_change()).findings) == 1


def finding_of(**texts: str) -> Finding:
    (finding,) = check([a_claim(**texts)], a_change()).findings
    return finding


def test_texts_are_bounded_and_a_title_is_one_line() -> None:
    finding = finding_of(title="a\nb" * 1000, explanation="x" * 100_000, fix="y" * 100_000)
    assert len(finding.title) == 120
    assert "\n" not in finding.title
    assert len(finding.explanation) < MOST_EXPLANATION + 900


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("see https://evil.example/x?y=1 now", "see (address removed) now"),
        (
            "[here](https://evil.example) and www.evil.example",
            "[here]((address removed)) and (address removed)",
        ),
        ("call `fetch('https://api')` once", "call `fetch('https://api')` once"),
        ("a<!-- crivo:finding:1 -->b", "ab"),
        ("a<!-- never closed", "a"),
        ("a\x00b\x1b[31m\u202ec\ud800", "ab[31mc"),
        ("one\n\ttwo", "one\n\ttwo"),
    ],
)
def test_addresses_hidden_comments_and_control_characters_go(said: str, shown: str) -> None:
    assert inert(said, 100) == shown
