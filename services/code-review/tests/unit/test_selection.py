"""Which findings become comments, which are listed, and which nobody sees."""

from dataclasses import replace

import pytest
from code_review.domain.change_set import ChangedFile
from code_review.domain.diff import Diff, Hunk
from code_review.domain.finding import Category, Finding, Severity
from code_review.domain.selection import (
    MOST_FINDINGS,
    MOST_TEXT,
    Budget,
    on_changed_lines,
    select,
    worth_keeping,
)
from code_review_support.builders import (
    a_change_set,
    a_changed_file,
    a_finding,
    fingerprints,
)
from hypothesis import given
from hypothesis import strategies as st

NONE: frozenset[str] = frozenset()


def titles(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.title for finding in findings]


def test_a_finding_on_a_line_the_change_did_not_write_is_dropped() -> None:
    change_set = a_change_set(added={"cart.py": frozenset({2})})
    kept = on_changed_lines([a_finding(line=1), a_finding(line=2)], change_set)
    assert [each.start_line for each in kept] == [2]


def test_a_finding_stays_where_it_is_when_only_its_last_line_is_new() -> None:
    change_set = a_change_set(added={"cart.py": frozenset({2})})
    (kept,) = on_changed_lines([a_finding(line=1, end_line=2)], change_set)
    assert (kept.start_line, kept.end_line) == (1, 2)


@pytest.mark.parametrize(
    "file",
    [
        a_changed_file("other.py"),
        a_changed_file(content=None, status="removed"),
        a_changed_file(content=None, omitted_reason="binary"),
    ],
    ids=["another file", "removed", "without content"],
)
def test_a_finding_in_a_file_without_lines_of_this_change_is_dropped(
    file: ChangedFile,
) -> None:
    assert on_changed_lines([a_finding("cart.py")], a_change_set(file)) == []


def test_a_fix_across_two_hunks_is_no_suggestion_because_nobody_could_commit_it() -> None:
    hunks = (
        Hunk(start=1, end=1, added=frozenset({1})),
        Hunk(start=3, end=3, added=frozenset({3})),
    )
    file = a_changed_file(content="a\nb\nc\n")
    change_set = replace(a_change_set(file), diff=Diff({"cart.py": hunks}))
    found = [a_finding(line=1, end_line=3, replacement="x"), a_finding(line=3, replacement="x")]
    kept = on_changed_lines(found, change_set)
    assert [each.replacement for each in kept] == [None, "x"]
    outcome = worth_keeping(kept, change_set)
    assert outcome.unplaceable == {kept[0].fingerprint}


def test_what_no_line_can_carry_is_listed_instead() -> None:
    finding = a_finding(fingerprint="f")
    selection = select([finding], frozenset({"f"}), Budget())
    assert (selection.comments, selection.listed) == ((), (finding,))


LINES = st.lists(st.sampled_from(["eval(x)", "  eval(x)", "pass", "", "y = 1"]), max_size=8)


@given(before=LINES, code=LINES.filter(bool), moved_by=LINES, indent=st.sampled_from(["", "    "]))
def test_a_fingerprint_stays_when_its_lines_move_or_are_indented(
    before: list[str], code: list[str], moved_by: list[str], indent: str
) -> None:
    def of_the_code(above: list[str], indent: str) -> list[str]:
        lines = [*above, *(indent + line if line else line for line in code)]
        file = a_changed_file(content="\n".join(lines) + "\n")
        first = len(above) + 1
        findings = [a_finding(line=number) for number in range(first, first + len(code))]
        return sorted(fingerprints(findings, a_change_set(file)))

    assert of_the_code(before, "") == of_the_code([*moved_by, *before], indent)


@given(code=st.lists(st.sampled_from(["a", "b"]), min_size=2, max_size=8))
def test_no_two_findings_share_a_fingerprint(code: list[str]) -> None:
    file = a_changed_file(content="\n".join(code) + "\n")
    findings = [a_finding(line=number + 1) for number in range(len(code))]
    given_out = fingerprints(findings, a_change_set(file))
    assert len(set(given_out)) == len(findings)


@pytest.mark.parametrize(
    "other",
    [
        a_finding(source="ruff:S307"),
        a_finding(title="Another"),
        a_finding("other.py"),
    ],
    ids=["rule", "title", "path"],
)
def test_a_fingerprint_tells_problems_apart(other: Finding) -> None:
    change_set = a_change_set(a_changed_file(), a_changed_file("other.py"))
    assert len(set(fingerprints([a_finding(), other], change_set))) == 2


def test_a_fingerprint_follows_the_code() -> None:
    before, after = (a_change_set(a_changed_file(content=text)) for text in ("a\n", "b\n"))
    assert fingerprints([a_finding()], before) != fingerprints([a_finding()], after)


def test_what_two_analyzers_say_of_one_line_is_said_once_by_the_weightier() -> None:
    ruff = a_finding(severity=Severity.MEDIUM, title="eval", category=Category.SECURITY)
    other = a_finding(source="ast-grep:py-eval", title="eval!", category=Category.SECURITY)
    for order in ([ruff, other], [other, ruff]):
        assert titles(select(order, NONE, Budget()).comments) == ["eval!"]


def test_two_rules_of_one_analyzer_mean_two_problems_of_one_line() -> None:
    certificates = a_finding(source="ruff:S501", title="No verification")
    patience = a_finding(source="ruff:S113", title="No timeout")
    assert len(select([certificates, patience], NONE, Budget()).comments) == 2


@pytest.mark.parametrize(
    "other",
    [
        a_finding(source="ast-grep:x", category=Category.SECURITY),
        a_finding(source="ast-grep:x", line=2),
        a_finding("other.py", source="ast-grep:x"),
        a_finding(title="Something else"),
    ],
    ids=["category", "line", "file", "title"],
)
def test_different_problems_are_no_duplicates(other: Finding) -> None:
    assert len(select([a_finding(), other], NONE, Budget()).comments) == 2


def test_the_same_problem_of_an_analyzer_and_a_model_on_the_same_lines_is_one_comment() -> None:
    ruff = a_finding(line=12, severity=Severity.MEDIUM)
    model = a_finding(line=10, end_line=13, source="model:review", title="add shares its basket")
    selection = select([ruff, model], NONE, Budget())
    assert [each.title for each in selection.comments] == ["add shares its basket"]
    assert selection.listed == ()


@pytest.mark.parametrize(
    "model",
    [
        a_finding(line=10, end_line=13, source="model:review", category=Category.SECURITY),
        a_finding(line=1, end_line=40, source="model:review"),
        a_finding(line=13, source="model:review"),
    ],
    ids=["another category", "a whole function", "another line"],
)
def test_what_a_model_means_otherwise_stays_beside_the_analyzers(model: Finding) -> None:
    selection = select([a_finding(line=12), model], NONE, Budget())
    assert len(selection.comments) == 2


def test_a_model_has_no_rules_whose_comments_could_be_too_many() -> None:
    found = [a_finding(line=10 * number, source="model:review") for number in range(1, 7)]
    assert len(select(found, NONE, Budget(per_rule=4)).comments) == 6


def test_the_worst_and_surest_comes_first() -> None:
    findings = [
        a_finding(line=1, title="low", severity=Severity.LOW),
        a_finding(line=2, title="unsure", confidence=0.5),
        a_finding(line=3, title="sure"),
        a_finding(line=4, title="critical", severity=Severity.CRITICAL, confidence=0.1),
    ]
    assert titles(select(findings, NONE, Budget()).comments) == [
        "critical",
        "sure",
        "unsure",
        "low",
    ]


@pytest.mark.parametrize(
    ("budget", "comments"),
    [
        (Budget(comments=3), 3),
        (Budget(per_file=2, comments=100), 4),
        (Budget(per_rule=1, comments=100), 2),
        (Budget(comments=0), 0),
    ],
    ids=["comments", "per file", "per rule", "none at all"],
)
def test_what_is_over_the_budget_is_listed(budget: Budget, comments: int) -> None:
    findings = [
        a_finding(path, line, source=source, title=f"{path} {line}")
        for path in ("a.py", "b.py")
        for line, source in enumerate(["ruff:B006", "ruff:B008"] * 3, start=1)
    ]
    selection = select(findings, NONE, budget)
    assert len(selection.comments) == comments
    assert len(selection.listed) == len(findings) - comments
    assert selection.dropped == 0


def test_what_is_over_the_list_is_counted() -> None:
    findings = [a_finding(line=line) for line in range(1, 11)]
    selection = select(findings, NONE, Budget(comments=1, summary=4))
    assert (len(selection.comments), len(selection.listed), selection.dropped) == (1, 4, 5)


SOME = st.builds(
    a_finding,
    path=st.sampled_from(["a.py", "b.py"]),
    line=st.integers(1, 6),
    severity=st.sampled_from(list(Severity)),
    category=st.sampled_from(list(Category)[:2]),
    source=st.sampled_from(["ruff:A", "ruff:B", "ast-grep:C"]),
    title=st.sampled_from(["one", "two"]),
    fingerprint=st.sampled_from(["f", "g"]),
)


@given(findings=st.lists(SOME, max_size=40), comments=st.integers(0, 10))
def test_nothing_is_lost_and_nothing_is_over_the_limit(
    findings: list[Finding], comments: int
) -> None:
    budget = Budget(comments=comments, per_file=3, per_rule=2, summary=5)
    selection = select(findings, frozenset({"g"}), budget)
    assert len(selection.comments) <= comments
    assert len(selection.listed) <= budget.summary
    assert all(each.fingerprint != "g" for each in selection.comments)
    everything = select(findings, NONE, Budget(comments=99, per_file=99, per_rule=99)).comments
    shown = len(selection.comments) + len(selection.listed) + selection.dropped
    assert shown == len(everything)
    assert {each.path for each in everything} == {each.path for each in findings}


def test_a_checkpoint_takes_no_more_than_a_store_does() -> None:
    content = "x\n" * (MOST_FINDINGS + 5)
    change_set = a_change_set(a_changed_file(content=content))
    said = [
        a_finding(
            line=line,
            title="t" * 9000,
            explanation="e" * 9000,
            replacement="r" * (9000 if line == 1 else 1),
            severity=Severity.LOW if line < 6 else Severity.HIGH,
        )
        for line in range(1, MOST_FINDINGS + 6)
    ]
    outcome = worth_keeping(on_changed_lines(said, change_set), change_set)
    assert (len(outcome.findings), outcome.dropped) == (MOST_FINDINGS, 5)
    assert {each.severity for each in outcome.findings} == {Severity.HIGH}
    assert max(len(each.explanation) for each in outcome.findings) == MOST_TEXT
    assert {each.replacement for each in outcome.findings} == {"r"}


def test_half_a_replacement_is_none() -> None:
    change_set = a_change_set()
    (kept,) = worth_keeping([a_finding(replacement="r" * 9000)], change_set).findings
    assert kept.replacement is None
