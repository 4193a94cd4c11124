"""The table, on the terminal and as a page."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from crivo_bench.table import Line

COLUMNS = ("what", "ours", "against", "result", "target", "reached")


def cells(line: Line) -> tuple[str, ...]:
    reached = "yes" if line.is_reached else "**no**"
    return (line.what, line.ours, line.against, line.said_value, str(line.target), reached)


def show(console: Console, lines: Sequence[Line]) -> None:
    for line in lines:
        reached = "reached" if line.is_reached else "not reached"
        said = f"{line.said_value} ({line.target}, {reached}): {line.ours}; {line.against}"
        console.print(f"{line.what}: {said}", markup=False, soft_wrap=True)
        for note in line.notes:
            console.print(f"  {note}", style="dim", markup=False, soft_wrap=True)


def write(
    file: Path, lines: Sequence[Line], *, about: Mapping[str, str], pairs: int, minutes: float
) -> None:
    page = [
        "# What it costs, against the peers",
        "",
        f"`make bench`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {minutes:.0f} minutes. Ratios are"
        f" medians of {pairs} pairs that were measured one after the other, in turns; CPU is the"
        " processor time of the process that is named, with everything it started. Peers, servers"
        " and load share the machine. Where the time goes: [performance](../docs/performance.md).",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in about.items()),
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(cells(line))} |" for line in lines),
        "",
        *(f"- {line.what}: {note}" for line in lines for note in line.notes),
    ]
    file.write_text("\n".join(page).rstrip() + "\n")
