"""A change set: what a pull request proposes between two commits."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID


class UnknownChangeSet(Exception):
    """The id is not one of ours, or what it names is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSetId:
    """Opaque to everybody else; it says all that is needed to fetch the change set again."""

    repository_id: UUID
    number: int
    base_sha: str
    head_sha: str

    def __str__(self) -> str:
        return f"{self.repository_id}.{self.number}.{self.base_sha}.{self.head_sha}"

    @classmethod
    def parse(cls, text: str) -> Self:
        try:
            repository, number, base, head = text.split(".")
            if not (_is_sha(base) and _is_sha(head) and number.isascii() and number.isdigit()):
                raise UnknownChangeSet(f"{text!r} is not a change set")
            return cls(
                repository_id=UUID(repository), number=int(number), base_sha=base, head_sha=head
            )
        except ValueError as problem:
            raise UnknownChangeSet(f"{text!r} is not a change set") from problem


def _is_sha(text: str) -> bool:
    return len(text) in (40, 64) and set(text) <= set("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A file at the head. `content` is None when it was removed, is not text, or is too large."""

    path: str
    previous_path: str | None
    status: str
    content: str | None
    omitted_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """`diff` is a unified diff; `truncated` when the code host did not give all of it."""

    id: ChangeSetId
    repository_full_name: str
    diff: str
    files: tuple[ChangedFile, ...]
    truncated: bool = False
