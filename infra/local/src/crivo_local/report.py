"""Prints a review the way a person would like to read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

CONTEXT_LINES = 2
_COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


@dataclass(frozen=True, slots=True)
class PlacedComment:
    """A comment as the code host has it, with the file it is about."""

    path: str
    start_line: int
    line: int
    body: str
    file: str


def print_comments(
    console: Console, comments: Sequence[PlacedComment], findings: Sequence[Mapping[str, Any]]
) -> None:
    """Each comment over its code; what the host does not say (severity) comes from the review."""
    known = {(each["path"], each["end_line"], each["title"]): each for each in findings}
    for number, comment in enumerate(sorted(comments, key=lambda c: (c.path, c.line)), 1):
        finding = next(
            (
                each
                for (path, line, title), each in known.items()
                if (path, line) == (comment.path, comment.line) and title in comment.body
            ),
            None,
        )
        severity = str(finding["severity"]) if finding else "unknown"
        title = Text.assemble(
            (f" {number}. ", "bold"),
            (f"{comment.path}:{_range(comment)} ", "bold"),
            (severity, _COLOURS.get(severity, "")),
        )
        parts: list[Any] = [_code(comment)]
        if finding:
            parts += [
                Text(""),
                Text(f"{finding['title']}", style="bold"),
                Markdown(str(finding["explanation"])),
            ]
            if finding.get("replacement") is not None:
                parts += [Text("suggested change", style="green"), _suggestion(comment, finding)]
            parts.append(Text(f"{finding['category']}, {finding['source']}", style="dim"))
        else:
            parts.append(Markdown(comment.body))
        console.print(Panel(Group(*parts), title=title, title_align="left", border_style="dim"))


def print_summary(console: Console, summary: str) -> None:
    console.print(Panel(Markdown(summary), title=" summary ", title_align="left"))


def print_timings(console: Console, title: str, rows: Sequence[tuple[str, float]]) -> None:
    """Rows of (what, milliseconds), with a bar each."""
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("what", "ms", ""):
        table.add_column(column, justify="right" if column == "ms" else "left")
    longest = max((ms for _, ms in rows), default=0.0) or 1.0
    for what, ms in rows:
        table.add_row(what, f"{ms:,.0f}", Text("▇" * round(ms / longest * 30), style="blue"))
    console.print(Padding(table, (1, 0, 0, 1)))


def _range(comment: PlacedComment) -> str:
    if comment.start_line == comment.line:
        return str(comment.line)
    return f"{comment.start_line}-{comment.line}"


def _code(comment: PlacedComment) -> Syntax:
    first = max(1, comment.start_line - CONTEXT_LINES)
    return Syntax(
        comment.file,
        Syntax.guess_lexer(comment.path, comment.file),
        line_numbers=True,
        line_range=(first, comment.line + CONTEXT_LINES),
        highlight_lines=set(range(comment.start_line, comment.line + 1)),
        theme="ansi_dark",
        word_wrap=True,
    )


def _suggestion(comment: PlacedComment, finding: Mapping[str, Any]) -> Syntax:
    replaced = comment.file.splitlines()[finding["start_line"] - 1 : finding["end_line"]]
    change = [f"- {line}" for line in replaced]
    change += [f"+ {line}" for line in str(finding["replacement"]).splitlines()]
    return Syntax("\n".join(change), "diff", theme="ansi_dark")
