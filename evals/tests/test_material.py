"""Every case is well-formed, and its answer is about what it changes."""

import ast
import difflib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from crivo_evals.cases import Answer, Case, load_answers, load_cases

EVALS = Path(__file__).parents[1]
CASES = load_cases(EVALS / "pull_requests")
ANSWERS = load_answers(EVALS / "answers.toml")
AST_GREP = Path(sys.executable).with_name("ast-grep")
GRAMMARS = {
    ".cs": "csharp",
    ".go": "go",
    ".java": "java",
    ".php": "php",
    ".rb": "ruby",
    ".rs": "rust",
    ".ts": "typescript",
    ".yml": "yaml",
}

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def changed_lines(case: Case, path: str) -> set[int]:
    """Lines of the head that are new, and those on both sides of a removal."""
    base = case.base.get(path, "").splitlines()
    head = case.head[path].splitlines()
    changed: set[int] = set()
    matcher = difflib.SequenceMatcher(a=base, b=head, autojunk=False)
    for tag, _, _, first, end in matcher.get_opcodes():
        if tag == "delete":
            changed |= {first, first + 1}
        elif tag != "equal":
            changed |= set(range(first + 1, end + 1))
    return changed


def syntax_errors(path: str, text: str) -> list[str]:
    """Raises SyntaxError for Python; SQL has no grammar here."""
    kind = Path(path).suffix
    if kind == ".py":
        ast.parse(text)
    if kind not in GRAMMARS:
        return []
    rule = json.dumps({"id": "broken", "language": GRAMMARS[kind], "rule": {"kind": "ERROR"}})
    command = [str(AST_GREP), "scan", "--inline-rules", rule, "--json=compact", "--stdin"]
    found = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert found.stdout, found.stderr
    return [each["text"] for each in json.loads(found.stdout)]


def test_every_case_has_an_answer_and_every_answer_a_case() -> None:
    assert [each.id for each in CASES] == sorted(ANSWERS)


def test_half_is_clean_in_the_same_languages() -> None:
    def languages(*, planted: bool) -> Counter[str]:
        return Counter(each.language for each in ANSWERS.values() if each.is_planted is planted)

    assert languages(planted=True) == languages(planted=False)
    assert languages(planted=True).total() == 20
    assert len(languages(planted=True)) >= 7


def test_no_two_planted_defects_are_of_a_kind() -> None:
    kinds = Counter(each.kind for each in ANSWERS.values() if each.is_planted)
    assert max(kinds.values()) == 1


@each_case
def test_a_case_changes_one_to_four_files_and_sixty_lines_or_so(case: Case) -> None:
    assert case.title
    assert case.description
    assert 1 <= len(case.changes) <= 4
    lines = sum(len(changed_lines(case, path)) for path in case.changes if path in case.head)
    assert 2 <= lines <= 70


@each_case
def test_the_answer_is_about_lines_that_the_case_changes(case: Case) -> None:
    answer: Answer = ANSWERS[case.id]
    changed = {path: changed_lines(case, path) for path in case.head}
    touched = False
    for region in answer.regions:
        assert 1 <= region.first <= region.last <= len(case.head[region.path].splitlines())
        lines = set(range(region.first, region.last + 1))
        touched |= bool(lines & changed[region.path])
    assert touched is answer.is_planted


@each_case
def test_both_sides_are_code(case: Case) -> None:
    for files in (case.base, case.head):
        for path, text in files.items():
            assert text.endswith("\n")
            assert syntax_errors(path, text) == [], path
