"""ast-grep with our own rules as a source of findings, for what no linter we run looks for.

Comments like `ast-grep-ignore` are honoured, as Ruff's `noqa` is; a repository's own `sgconfig.yml`
is not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from code_review.application.ports import AnalyzerFailed
from code_review.domain.finding import Category, Finding, Severity
from code_review.domain.source_file import SourceFile
from code_review.infrastructure.analyzers.rule_pack import SUFFIXES, rule_pack
from code_review.infrastructure.analyzers.workspace import Workspace, open_workspace, suffix_of
from code_review.infrastructure.confinement import Limits, installed_program, run_confined

# A match longer than this is a place that starts there, not a passage to comment on.
_MOST_LINES = 10


class _Position(BaseModel):
    """0-based, as tree-sitter counts."""

    line: int
    column: int


class _Range(BaseModel):
    start: _Position
    end: _Position


class _Meaning(BaseModel):
    """What a rule file says in `metadata`."""

    title: str
    severity: Severity
    category: Category
    confidence: float


class _Match(BaseModel):
    file: str
    range: _Range
    rule_id: str
    message: str
    note: str
    metadata: _Meaning

    model_config = {"alias_generator": lambda name: "ruleId" if name == "rule_id" else name}


@dataclass(frozen=True, slots=True, kw_only=True)
class AstGrepAnalyzer:
    """Reads Python, JavaScript and TypeScript; `seconds` is what one run may take."""

    seconds: float
    program: str = installed_program("ast-grep")

    @property
    def name(self) -> str:
        return "ast-grep"

    def reads(self, path: str) -> bool:
        return suffix_of(path) in SUFFIXES

    async def analyze(self, files: Sequence[SourceFile]) -> list[Finding]:
        # With a configuration here, ast-grep looks for none in the directories above.
        own = {"sgconfig.yml": "ruleDirs: []\n"}
        async with open_workspace(files, SUFFIXES, configuration=own) as workspace:
            if not workspace.files:
                return []
            limits = Limits(seconds=self.seconds)
            command = [self.program, *_arguments(limits.cores)]
            ended = await run_confined(
                self.name, command, directory=workspace.directory, limits=limits
            )
            if ended.status != 0:
                raise AnalyzerFailed(f"ast-grep ended with status {ended.status}")
            return _findings(workspace, ended.output)


def _arguments(cores: int) -> list[str]:
    kinds = ("hidden", "dot", "exclude", "global", "parent", "vcs")
    return [
        *("scan", "--json=stream", "--include-metadata"),
        *("--config", "sgconfig.yml", "--inline-rules", rule_pack(), "--threads", str(cores)),
        *(argument for kind in kinds for argument in ("--no-ignore", kind)),
        ".",
    ]


def _findings(workspace: Workspace, output: bytes) -> list[Finding]:
    try:
        matches = [_Match.model_validate_json(line) for line in output.splitlines()]
        findings = [_finding(workspace.file_at(match.file), match) for match in matches]
    except (ValidationError, KeyError):
        raise AnalyzerFailed("ast-grep wrote something that is not its report") from None
    # Its threads report in the order they end.
    return sorted(findings, key=lambda found: (found.path, found.start_line, found.source))


def _finding(file: SourceFile, match: _Match) -> Finding:
    start, end = match.range.start.line + 1, match.range.end.line + 1
    return Finding(
        path=file.path,
        start_line=start,
        end_line=end if end - start < _MOST_LINES else start,
        severity=match.metadata.severity,
        category=match.metadata.category,
        title=match.metadata.title,
        explanation=f"{match.message.strip()} {match.note.strip()}",
        source=f"ast-grep:{match.rule_id}",
        confidence=match.metadata.confidence,
    )
