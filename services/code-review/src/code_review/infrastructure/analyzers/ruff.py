"""Ruff as a source of findings: its correctness and security rules, with our own selection.

A repository's configuration of Ruff is not read: it could turn off every rule, and belongs to the
author's own checks. Comments like `# noqa: S608` are honoured: they are an author's answer to one
finding, visible in the diff.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from code_review.application.ports import AnalyzerFailed
from code_review.domain.finding import Finding
from code_review.domain.source_file import SourceFile
from code_review.infrastructure.analyzers.ruff_fix import Edit, LineFix, Position, as_lines
from code_review.infrastructure.analyzers.ruff_rules import (
    INVALID_SYNTAX,
    RULES,
    SYNTAX_ERROR,
    TITLES,
    UNIMPORTANT_IN_INTERFACES,
    UNIMPORTANT_IN_TESTS,
)
from code_review.infrastructure.analyzers.workspace import Workspace, open_workspace, suffix_of
from code_review.infrastructure.confinement import Limits, installed_program, run_confined

_SUFFIXES = frozenset({".py", ".pyi"})
_INTERFACES = frozenset({"__init__.py", "__init__.pyi", "conftest.py"})
_BARE_CARRIAGE_RETURN = re.compile(r"\r(?!\n)")


class _Fix(BaseModel):
    applicability: Literal["safe", "unsafe", "display"]
    edits: list[Edit]


class _Diagnostic(BaseModel):
    code: str | None
    filename: str
    fix: _Fix | None
    location: Position
    end_location: Position
    message: str
    name: str
    url: str | None


_DIAGNOSTICS = TypeAdapter(list[_Diagnostic])


@dataclass(frozen=True, slots=True, kw_only=True)
class RuffAnalyzer:
    """Reads Python; `seconds` is what one run may take."""

    seconds: float
    program: str = installed_program("ruff")

    @property
    def name(self) -> str:
        return "ruff"

    def reads(self, path: str) -> bool:
        return suffix_of(path) in _SUFFIXES

    async def analyze(self, files: Sequence[SourceFile]) -> list[Finding]:
        # Ruff ends a line at a lone carriage return, Git does not: line numbers would not agree.
        countable = [file for file in files if not _BARE_CARRIAGE_RETURN.search(file.content)]
        async with open_workspace(countable, _SUFFIXES) as workspace:
            if not workspace.files:
                return []
            ended = await run_confined(
                self.name,
                (self.program, *_ARGUMENTS),
                directory=workspace.directory,
                limits=Limits(seconds=self.seconds),
            )
            if ended.status != 0:
                raise AnalyzerFailed(f"ruff ended with status {ended.status}")
            return _findings(workspace, ended.output)


_ARGUMENTS = (
    *(
        "check",
        "--isolated",
        "--no-cache",
        "--no-fix",
        "--quiet",
        "--exit-zero",
    ),
    *("--no-respect-gitignore", "--config", "exclude=[]", "--output-format", "json"),
    # The newest Python, or else syntax of a newer one than Ruff's default would be an error.
    *("--target-version", "py314", "--select", ",".join(RULES), "."),
)


def _findings(workspace: Workspace, output: bytes) -> list[Finding]:
    try:
        diagnostics = _DIAGNOSTICS.validate_json(output)
        placed = [(workspace.file_at(found.filename), found) for found in diagnostics]
    except (ValidationError, KeyError):
        raise AnalyzerFailed("ruff wrote something that is not its report") from None
    broken: set[str] = set()
    findings: list[Finding] = []
    for file, found in sorted(placed, key=lambda pair: pair[1].code != INVALID_SYNTAX):
        # What follows from a syntax error, names that seem unused included, says nothing.
        if file.path in broken or not _matters(file.path, found):
            continue
        if found.code == INVALID_SYNTAX:
            broken.add(file.path)
        findings.append(_finding(file, found))
    return list(_one_per_fix(findings))


def _matters(path: str, found: _Diagnostic) -> bool:
    """Whether the place of the file leaves the rule its point; Ruff does not know the place."""
    if found.code == INVALID_SYNTAX:
        return True
    name = PurePosixPath(path).name
    if name in _INTERFACES and found.code in UNIMPORTANT_IN_INTERFACES:
        return False
    return not (_is_test(path) and found.code in UNIMPORTANT_IN_TESTS)


def _is_test(path: str) -> bool:
    *folders, name = path.split("/")
    return (
        not {"test", "tests", "testing"}.isdisjoint(folders)
        or name == "conftest.py"
        or name.startswith("test_")
        or name.endswith("_test.py")
    )


def _finding(file: SourceFile, found: _Diagnostic) -> Finding:
    code = found.code or ""
    rule = SYNTAX_ERROR if code == INVALID_SYNTAX else RULES[code]
    parts = (f"{found.message.rstrip('.')}.", rule.why, f"See {found.url}" if found.url else "")
    first, last = _lines(file, found)
    finding = Finding(
        path=file.path,
        start_line=first,
        end_line=last,
        severity=rule.severity,
        category=rule.category,
        title=TITLES.get(code) or found.name.replace("-", " ").capitalize(),
        explanation=" ".join(part for part in parts if part),
        source=f"ruff:{code}",
        confidence=rule.confidence,
    )
    fix = _line_fix(file, found)
    if fix is None:
        return finding
    return replace(finding, start_line=fix.start, end_line=fix.end, replacement=fix.text)


def _lines(file: SourceFile, found: _Diagnostic) -> tuple[int, int]:
    """First and last; an error at the end of the text is reported on a line past the last."""
    existing = max(1, file.content.count("\n") + (not file.content.endswith("\n")))
    first, last = found.location.row, found.end_location.row
    if last > first and found.end_location.column == 1:
        last -= 1
    return min(first, existing), min(last, existing)


def _line_fix(file: SourceFile, found: _Diagnostic) -> LineFix | None:
    """A fix the author can take by one click: safe, about this place, on lines of the diff only."""
    if found.fix is None or found.fix.applicability != "safe" or not found.fix.edits:
        return None
    fix = as_lines(file.content.removeprefix("\ufeff"), found.fix.edits)
    if fix is None or not file.changed_lines.issuperset(range(fix.start, fix.end + 1)):
        return None
    if fix.start == 1 and file.content.startswith("\ufeff"):
        return None  # a replaced first line would lose the byte order mark
    if fix.end < found.location.row or found.end_location.row < fix.start:
        return None
    return fix


def _one_per_fix(findings: Iterable[Finding]) -> Iterable[Finding]:
    """One finding where a rule has several with one fix, as for the names of one import."""
    merged: dict[object, Finding] = {}
    for finding in findings:
        fix = (finding.path, finding.start_line, finding.replacement, finding.source)
        key = object() if finding.replacement is None else fix
        if known := merged.get(key):
            what = finding.explanation.partition(". ")[0]
            merged[key] = replace(known, explanation=f"{what}. {known.explanation}")
        else:
            merged[key] = finding
    return merged.values()
