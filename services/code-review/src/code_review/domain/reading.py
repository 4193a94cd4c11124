"""What of a change a model reads, in which portions, and what it does not."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from code_review.domain.change_set import UNREVIEWABLE, ChangedFile, ChangeSet
from code_review.domain.diff import Diff
from code_review.domain.excerpts import rows_of, split, text_of
from code_review.domain.file_kinds import FileKind, is_documentation, kind_of
from code_review.domain.model_usage import estimated_tokens
from code_review.domain.source_file import SourceFile
from code_review.domain.visible_text import quoted

BUNDLE_TOKENS = 8_000
MOST_PATH = 1_000
# What stands around an excerpt: the boundary twice, and the names of its parts.
FRAME_TOKENS = 40
# Before its text, each added line has a number, a sign and spaces.
_LEAST_BYTES = 10


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The changed parts of a file, or some of them where they are more than a bundle holds."""

    path: str
    text: str

    @property
    def tokens(self) -> int:
        return FRAME_TOKENS + estimated_tokens(quoted(self.path)) + estimated_tokens(self.text)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The excerpts of one question; `key` is the same for the same excerpts."""

    key: str
    excerpts: tuple[Excerpt, ...]

    @classmethod
    def of(cls, excerpts: Sequence[Excerpt]) -> Self:
        content = json.dumps([[each.path, each.text] for each in excerpts])
        return cls(hashlib.sha256(content.encode()).hexdigest()[:32], tuple(excerpts))


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """`not_read` says why by path; `skipped` counts files that no person reads either."""

    bundles: tuple[Bundle, ...]
    not_read: Mapping[str, str]
    skipped: Mapping[FileKind, int]


@dataclass(frozen=True, slots=True)
class _Candidates:
    """By path; `rank` is product code, then documentation, then tests."""

    files: Mapping[str, SourceFile]
    rank: Mapping[str, int]
    not_read: Mapping[str, str]
    skipped: Mapping[FileKind, int]


def files_to_read(change_set: ChangeSet) -> tuple[SourceFile, ...]:
    """All that a plan may choose from; `changed_lines` are those beside removals too."""
    return tuple(_candidates(change_set).files.values())


def plan_reading(
    change_set: ChangeSet,
    functions: Mapping[str, Sequence[range]],
    *,
    input_tokens: int,
    overhead_tokens: int,
) -> ReadingPlan:
    """As much as `input_tokens` are enough for, when each question costs `overhead_tokens` more."""
    candidates = _candidates(change_set)
    choice = _Choice(candidates.rank, input_tokens, overhead_tokens)
    not_read = dict(candidates.not_read)
    diff = change_set.diff

    def weight(path: str) -> tuple[int, int, str]:
        return candidates.rank[path], -_changed(diff, path), path

    for path in sorted(candidates.files, key=weight):
        excerpts: Sequence[Excerpt] = ()
        if choice.has_room_for(_LEAST_BYTES * len(diff.added_lines(path)) * 10 // 28):
            excerpts = _excerpts(candidates.files[path], diff, functions.get(path, ()))
            if not excerpts:
                not_read[path] = "its text is not the one of the diff"
                continue
        if not excerpts or not choice.take(excerpts):
            not_read[path] = f"over the review's budget of {input_tokens:,} tokens"
    return ReadingPlan(
        tuple(Bundle.of(each) for each in choice.bundles), not_read, candidates.skipped
    )


class _Choice:
    """Excerpts that go together within the budget."""

    def __init__(self, rank: Mapping[str, int], input_tokens: int, overhead_tokens: int) -> None:
        self._rank = rank
        self._budget = input_tokens
        self._overhead = overhead_tokens
        self._excerpts: list[Excerpt] = []
        self.bundles: list[list[Excerpt]] = []

    def has_room_for(self, tokens: int) -> bool:
        """Whether it could have, were bundles filled to the brim."""
        total = tokens + sum(each.tokens for each in self._excerpts)
        return total + self._overhead * -(-total // BUNDLE_TOKENS) <= self._budget

    def take(self, more: Sequence[Excerpt]) -> bool:
        """All of them or none."""
        if not self.has_room_for(sum(each.tokens for each in more)):
            return False
        excerpts = [*self._excerpts, *more]
        # Stable, so the parts of a file stay in their order.
        bundles = _filled(sorted(excerpts, key=lambda each: self._place(each.path)))
        total = sum(each.tokens for each in excerpts) + self._overhead * len(bundles)
        if total > self._budget:
            return False
        self._excerpts, self.bundles = excerpts, bundles
        return True

    def _place(self, path: str) -> tuple[int, str, str]:
        folder, _, name = path.rpartition("/")
        return self._rank[path], folder, name


def _filled(excerpts: Iterable[Excerpt]) -> list[list[Excerpt]]:
    bundles: list[list[Excerpt]] = []
    room = 0
    for excerpt in excerpts:
        if excerpt.tokens > room:
            bundles.append([])
            room = BUNDLE_TOKENS
        bundles[-1].append(excerpt)
        room -= excerpt.tokens
    return bundles


def _excerpts(file: SourceFile, diff: Diff, functions: Sequence[range]) -> list[Excerpt]:
    rows = rows_of(file.content, diff.hunks[file.path], functions)
    room = BUNDLE_TOKENS - Excerpt(file.path, "").tokens
    return [Excerpt(file.path, text_of(part)) for part in split(rows, room * 28 // 10)]


def _changed(diff: Diff, path: str) -> int:
    removed = sum(len(each.text) for hunk in diff.hunks[path] for each in hunk.removed)
    return len(diff.added_lines(path)) + removed


def _candidates(change_set: ChangeSet) -> _Candidates:
    files: dict[str, SourceFile] = {}
    rank: dict[str, int] = {}
    not_read: dict[str, str] = {}
    skipped: Counter[FileKind] = Counter()
    known = {file.path: file for file in change_set.files}
    hunks_of = change_set.diff.hunks
    for path in sorted(known.keys() | {path for path, each in hunks_of.items() if each}):
        file, hunks = known.get(path), hunks_of.get(path, ())
        content = file.content if file else None
        reason = _why_without_text(file) or (_path_too_long(path) if hunks else None)
        if not hunks and reason is None:
            continue
        kind = kind_of(path, content or "")
        if kind not in (FileKind.PRODUCT, FileKind.TEST):
            skipped[kind] += 1
        elif reason is not None:
            not_read[path] = reason
        elif content is not None:
            touched = change_set.diff.touched_lines(path)
            files[path] = SourceFile(path=path, content=content, changed_lines=touched)
            rank[path] = 2 if kind is FileKind.TEST else int(is_documentation(path))
    return _Candidates(files, rank, not_read, skipped)


def _why_without_text(file: ChangedFile | None) -> str | None:
    if file is None:
        return "not in the change set"
    reviewable = file.status != "removed" and file.omitted_reason not in UNREVIEWABLE
    if file.content is None and reviewable:
        return file.omitted_reason or "without its text"
    return None


def _path_too_long(path: str) -> str | None:
    return "its path is too long" if len(quoted(path)) > MOST_PATH else None
