"""Markdown ends its lines at 110 columns; --write breaks longer ones, and changes no word.

Left alone: tables, code, headings, HTML comments, link definitions, words that are longer, and
parts of pages that a program fills in.
"""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

COLUMNS = 110
# What a program writes, and what a model is told.
NOT_OURS = (
    "docs/events.md",
    "bench/RESULTS.md",
    "evals/RESULTS.md",
    "evals/pull_requests/",
    "/prompts/",
)
FOLDERS = (
    "contracts",
    "docs",
    "libs",
    "services",
    "infra",
    "helm",
    "tests-e2e",
    "bench",
    "evals",
)
AS_IT_IS = re.compile(r"\s*\||\s{4,}\S|#|<|\[[^]]+\]: ")
# Parts of a page that a program fills in, from `<!-- name -->` to `<!-- end of name -->`.
MARK = re.compile(r"<!-- (.*) -->")
END_OF_PART = re.compile(r"<!-- end of (.*) -->")
ITEM = re.compile(r"(\s*)((?:[-*+]|\d+[.)]) +(?:\[[ x]\] )?)?((?:> ?)*)")


def documents(root: Path) -> Iterator[Path]:
    files = [*root.glob("*.md"), *(f for each in FOLDERS for f in (root / each).rglob("*.md"))]
    for file in sorted(files):
        path = file.relative_to(root).as_posix()
        if not any(each in path for each in NOT_OURS) and "/samples/" not in path:
            yield file


def rewrapped(text: str) -> str:
    """A paragraph is filled again from its first line that is too long."""
    waiting, lines, fenced, filled_in = text.split("\n"), list[str](), False, False
    ends = set(END_OF_PART.findall(text))
    while waiting:
        line = waiting.pop(0)
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if mark := MARK.fullmatch(line):
            filled_in = mark[1] in ends
        if fenced or filled_in or len(line) <= COLUMNS or AS_IT_IS.match(line):
            lines.append(line)
        else:
            lines += _filled(line, waiting)
    return "\n".join(lines)


def _filled(line: str, waiting: list[str]) -> list[str]:
    """Takes the lines that go on with the paragraph out of those that wait."""
    found = ITEM.match(line)
    indent, mark, quote = found.groups(default="") if found else ("", "", "")
    first = indent + mark + quote
    following = indent + " " * len(mark) + quote
    words = [line[len(first) :]]
    while waiting and not quote and _goes_on(waiting[0].removeprefix(following)):
        words.append(waiting.pop(0).strip())
    pieces = textwrap.wrap(
        _joined(" ".join(words)),
        width=COLUMNS,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [_kept(piece) for piece in pieces]


def _goes_on(line: str) -> bool:
    found = ITEM.match(line)
    begins = found is not None and (found.group(2) or found.group(3))
    return bool(line.strip()) and not begins and not AS_IT_IS.match(line) and "```" not in line


# Code is kept in one line, and so is a word that would begin a list, a heading or a quotation.
_SPACE = "\ue000"


def _joined(text: str) -> str:
    text = re.sub(r"`[^`]+`", lambda code: code.group().replace(" ", _SPACE), text)
    return re.sub(r" (?=(?:[-+*#>|]|\d+[.)]) )", _SPACE, text)


def _kept(piece: str) -> str:
    return piece.replace(_SPACE, " ")


def problems(root: Path) -> list[str]:
    return [
        f"{file.relative_to(root)}: lines of more than {COLUMNS} columns; make fmt"
        for file in documents(root)
        if rewrapped(file.read_text()) != file.read_text()
    ]


def main() -> None:
    root = Path(__file__).parents[2]
    if "--write" in sys.argv:
        for file in documents(root):
            file.write_text(rewrapped(file.read_text()))
    sys.exit("\n".join(problems(root)) or None)


if __name__ == "__main__":
    main()
