"""What the checks of our own read: the code of services, and the comments beside it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file of a service; `path` is as it is told to people."""

    path: Path
    text: str

    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def excused(self, node: ast.AST, escape: re.Pattern[str]) -> bool:
        """Whether a comment with a reason is in the lines of the node, or in the one above it."""
        first = getattr(node, "lineno", 1)
        last = getattr(node, "end_lineno", first)
        return any(escape.search(line) for line in self.text.splitlines()[max(first - 2, 0) : last])


def sources(root: Path, pattern: str) -> Iterator[Source]:
    for file in sorted(root.glob(pattern)):
        yield Source(path=file.relative_to(root), text=file.read_text())
