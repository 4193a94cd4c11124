"""Source files, and what an analyzer says about them."""

from code_review.application.ports import Analyzer
from code_review.domain.finding import Finding
from code_review.domain.source_file import SourceFile


def a_file(path: str, content: str, *, changed: frozenset[int] | None = None) -> SourceFile:
    """A file whose lines are all changed, unless told which."""
    every = frozenset(range(1, content.count("\n") + 2))
    return SourceFile(
        path=path, content=content, changed_lines=every if changed is None else changed
    )


async def rules_found(analyzer: Analyzer, *files: SourceFile) -> list[tuple[str, str, int]]:
    """Path, rule and first line of each finding, in an order of their own."""
    return sorted(
        (found.path, found.source, found.start_line) for found in await analyzer.analyze(files)
    )


async def the_finding(analyzer: Analyzer, file: SourceFile) -> Finding:
    [finding] = await analyzer.analyze([file])
    return finding
