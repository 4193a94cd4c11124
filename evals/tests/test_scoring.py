"""What counts as found."""

import pytest
from crivo_evals.cases import Answer, Region
from crivo_evals.outcomes import Comment, Reader, reader_of
from crivo_evals.scoring import interval, judge, score

PLANTED = Answer(
    id="01-planted",
    language="Go",
    says="The slot leaks",
    kind="leak",
    severity="high",
    regions=(
        Region(path="a.go", first=10, last=12),
        Region(path="b.go", first=40, last=40),
    ),
)
CLEAN = Answer(id="02-clean", language="Go", says="The slot is given back")


def said(path: str, first: int, last: int, by: Reader = "model") -> Comment:
    return Comment(path=path, first=first, last=last, body="It leaks", by=by)


@pytest.mark.parametrize(("first", "last"), [(10, 12), (11, 11), (15, 15), (7, 7), (1, 90)])
def test_a_comment_hits_when_it_touches_the_lines_or_three_beside_them(
    first: int, last: int
) -> None:
    judged = judge(PLANTED, [said("a.go", first, last)])
    assert judged.is_found
    assert not judged.others


@pytest.mark.parametrize(
    ("path", "first", "last"), [("a.go", 16, 16), ("a.go", 1, 6), ("c.go", 11, 11)]
)
def test_a_comment_elsewhere_is_a_false_alarm_also_in_a_planted_one(
    path: str, first: int, last: int
) -> None:
    judged = judge(PLANTED, [said(path, first, last)])
    assert not judged.is_found
    assert score([judged]).false_alarms == 1


def test_each_region_may_be_commented() -> None:
    assert judge(PLANTED, [said("b.go", 40, 40)]).is_found


def test_any_comment_on_a_clean_one_is_a_false_alarm() -> None:
    judged = judge(CLEAN, [said("a.go", 11, 11)])
    assert score([judged]).false_alarms == 1
    assert score([judged]).alarmed == 1


def test_recall_is_of_planted_ones_and_precision_is_of_comments() -> None:
    judged = [
        judge(PLANTED, [said("a.go", 10, 10), said("b.go", 40, 40), said("a.go", 90, 90)]),
        judge(PLANTED, []),
        judge(CLEAN, [said("a.go", 10, 10)]),
        judge(CLEAN, []),
    ]
    found = score(judged)
    assert found.recall == 0.5
    assert found.precision == 0.5
    assert (found.alarmed, found.clean) == (1, 2)


def test_without_comments_precision_says_nothing() -> None:
    judged = [judge(PLANTED, []), judge(CLEAN, [])]
    assert score(judged).precision is None
    assert score(judged).recall == 0
    assert interval(judged, lambda each: each.precision) is None


def test_each_reader_is_scored_as_if_alone() -> None:
    both = judge(PLANTED, [said("a.go", 10, 10), said("a.go", 90, 90, by="analyzer")])
    assert score([both.by("model")]).precision == 1
    assert score([both.by("analyzer")]).precision == 0
    assert not both.by("analyzer").is_found


def test_an_interval_has_the_figure_inside_and_is_wide_for_few_cases() -> None:
    found, missed = judge(PLANTED, [said("a.go", 10, 10)]), judge(PLANTED, [])
    few = interval([found] * 3 + [missed] * 2, lambda each: each.recall)
    many = interval([found] * 300 + [missed] * 200, lambda each: each.recall)
    assert few is not None
    assert many is not None
    assert few[0] < many[0] < 0.6 < many[1] < few[1]


FINDINGS = [
    {"path": "a.go", "end_line": 12, "title": "A slot leaks", "source": "model:defects"},
    {"path": "a.go", "end_line": 12, "title": "Unused import", "source": "ruff:F401"},
]


def test_a_comment_is_of_the_finding_on_its_line_with_its_title() -> None:
    assert reader_of("a.go", 12, "**A slot leaks** when", FINDINGS) == "model"
    assert reader_of("a.go", 12, "**Unused import**", FINDINGS) == "analyzer"


def test_a_comment_without_a_finding_is_of_nobody_known() -> None:
    assert reader_of("a.go", 13, "**A slot leaks** when", FINDINGS) == "unknown"
