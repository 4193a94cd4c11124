"""Where the functions of a file are, by ast-grep.

Confined as the analyzers are, and in place of its library, whose grammars are 100 MB of the worker.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from code_review.application.ports import AnalyzerFailed
from code_review.domain.source_file import SourceFile
from code_review.infrastructure.analyzers.function_rules import SUFFIXES, function_rules
from code_review.infrastructure.analyzers.workspace import Workspace, open_workspace
from code_review.infrastructure.confinement import Limits, installed_program, run_confined

# What people write is smaller; of the rest nobody needs an outline.
MOST_CHARACTERS_OF_A_FILE = 256 << 10
MOST_OUTPUT_BYTES = 8 << 20

_LINE = re.compile(
    rb"::warning file=([\w./-]+),line=(\d{1,7}),endLine=(\d{1,7}),title=\w+::function"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AstGrepFunctions:
    """Implements Functions; `seconds` is what one run may take."""

    seconds: float
    program: str = installed_program("ast-grep")

    async def of(self, files: Sequence[SourceFile]) -> Mapping[str, Sequence[range]]:
        small = [file for file in files if len(file.content) <= MOST_CHARACTERS_OF_A_FILE]
        own = {"sgconfig.yml": "ruleDirs: []\n"}
        async with open_workspace(small, SUFFIXES, configuration=own) as workspace:
            if not workspace.files:
                return {}
            limits = Limits(seconds=self.seconds, output_bytes=MOST_OUTPUT_BYTES)
            ended = await run_confined(
                "the outline of functions",
                [self.program, *_arguments(limits.cores)],
                directory=workspace.directory,
                limits=limits,
            )
            if ended.status != 0:
                raise AnalyzerFailed(f"the outline of functions ended with status {ended.status}")
            return _by_path(workspace, ended.output)


def _arguments(cores: int) -> list[str]:
    # This form has places alone; the JSON forms have the text of each match three times over.
    return [
        *("scan", "--format", "github", "--config", "sgconfig.yml"),
        *("--inline-rules", function_rules(), "--threads", str(cores)),
        ".",
    ]


def _by_path(workspace: Workspace, output: bytes) -> Mapping[str, Sequence[range]]:
    """A file that was read and has no function is there all the same."""
    found: dict[str, set[range]] = defaultdict(set)
    for file in workspace.files.values():
        found[file.path] = set()
    for name, lines in _places(output):
        try:
            found[workspace.file_at(name).path].add(lines)
        except KeyError:
            raise _nonsense() from None
    return {
        path: sorted(places, key=lambda lines: (lines.start, -lines.stop))
        for path, places in found.items()
    }


def _places(output: bytes) -> Iterator[tuple[str, range]]:
    for line in output.splitlines():
        said = _LINE.fullmatch(line)
        if said is None:
            raise _nonsense()
        yield said[1].decode(), range(int(said[2]), int(said[3]) + 1)


def _nonsense() -> AnalyzerFailed:
    return AnalyzerFailed("the outline of functions is none")
