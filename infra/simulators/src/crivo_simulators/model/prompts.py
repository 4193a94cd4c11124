"""How Crivo's prompts show a change: a line with the path, and under it the numbered lines."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

# A line of the new side has its number, a plus if it was added, and its text.
_PATH = re.compile(r'path: ("(?:[^"\\]|\\.)*")\s*')
_LINE = re.compile(r" *(\d+) [+ ] (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One line of the change as the prompt shows it; removed lines have no number and are none."""

    path: str
    number: int
    text: str


def paths_in(text: str) -> list[str]:
    headings = (_PATH.fullmatch(line) for line in text.split("\n"))
    return [json.loads(heading[1]) for heading in headings if heading]


def shown_in(text: str) -> Iterator[Shown]:
    path = None
    for line in text.split("\n"):
        if heading := _PATH.fullmatch(line):
            path = json.loads(heading[1])
        elif path is not None and (numbered := _LINE.fullmatch(line)):
            yield Shown(path=path, number=int(numbered[1]), text=numbered[2])
