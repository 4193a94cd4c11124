"""What became of each pull request, as it is kept in a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

Json: TypeAlias = dict[str, Any]
Reader: TypeAlias = Literal["model", "analyzer", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One that stands on the code host, and whose finding it is."""

    path: str
    first: int
    last: int
    body: str
    by: Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    case_id: str
    state: str
    review: Json | None
    comments: tuple[Comment, ...]

    @classmethod
    def read(cls, row: Json) -> Self:
        comments = tuple(Comment(**each) for each in row["comments"])
        return cls(**{**row, "comments": comments})


def reader_of(path: str, last: int, body: str, findings: Sequence[Json]) -> Reader:
    """Who found what a comment says: the code host does not know it, the review does."""
    here = [each for each in findings if (each["path"], each["end_line"]) == (path, last)]
    named = [each for each in here if each["title"] in body] or here
    if not named:
        return "unknown"
    return "model" if str(named[0]["source"]).startswith("model") else "analyzer"


def keep(file: Path, outcomes: Sequence[Outcome], *, model: str | None) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {"model": model, "outcomes": [asdict(each) for each in outcomes]}
    file.write_text(json.dumps(kept, indent=2))


def read(file: Path) -> tuple[list[Outcome], str | None]:
    kept = json.loads(file.read_text())
    return [Outcome.read(each) for each in kept["outcomes"]], kept["model"]
