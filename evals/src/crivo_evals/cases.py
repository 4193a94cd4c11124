"""The pull requests, and what is planted in them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A pull request: what its author says of it, and the files before and after."""

    id: str
    title: str
    description: str
    base: dict[str, str]
    head: dict[str, str]

    @property
    def changes(self) -> dict[str, str | None]:
        """What its commit writes; a file that it removes is None."""
        written = {path: text for path, text in self.head.items() if self.base.get(path) != text}
        return {**written, **dict.fromkeys(self.base.keys() - self.head.keys())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Lines at the head, both ends included."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is wrong in a case and where, or why nothing is: then it has neither kind nor region."""

    id: str
    language: str
    says: str
    kind: str | None = None
    severity: str | None = None
    regions: tuple[Region, ...] = ()

    @property
    def is_planted(self) -> bool:
        return bool(self.regions)

    @classmethod
    def read(cls, row: dict[str, Any]) -> Self:
        return cls(
            id=row["id"],
            language=row["language"],
            says=row["says"],
            kind=row.get("kind"),
            severity=row.get("severity"),
            regions=tuple(Region(**region) for region in row.get("regions", ())),
        )


def load_cases(folder: Path) -> list[Case]:
    """In the order of their names."""
    return [_case(found) for found in sorted(folder.iterdir()) if found.is_dir()]


def load_answers(file: Path) -> dict[str, Answer]:
    rows = tomllib.loads(file.read_text())["answers"]
    return {row["id"]: Answer.read(row) for row in rows}


def _case(folder: Path) -> Case:
    said = tomllib.loads((folder / "pull_request.toml").read_text())
    return Case(
        id=folder.name,
        title=said["title"],
        description=said["description"],
        base=_files(folder / "base"),
        head=_files(folder / "head"),
    )


def _files(folder: Path) -> dict[str, str]:
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): each.read_text() for each in files}
