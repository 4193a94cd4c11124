"""A changed file as analyzers see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """The whole text at the head, and which of its lines (1-based) the pull request wrote.

    The path is the repository's own word, with `/` between parts: data, never a place on our disk.
    """

    path: str
    content: str
    changed_lines: frozenset[int]
