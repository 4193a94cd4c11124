"""What of a change a model reads, in which portions, and what it does not."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from code_review.domain.change_set import UNREVIEWABLE, ChangedFile, ChangeSet
from code_review.domain.diff import Diff
from code_review.domain.excerpts import Layout
from code_review.domain.file_kinds import FileKind, is_documentation, kind_of
from code_review.domain.model_usage import estimated_tokens
from code_review.domain.source_file import SourceFile
from code_review.domain.visible_text import MOST_OF_A_LINE, quoted

BUNDLE_TOKENS = 8_000
MOST_PATH = 1_000
# What stands around an excerpt: the boundary twice, and the names of its parts.
FRAME_TOKENS = 40


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


def over_budget(input_tokens: int) -> str:
    """Why a file is not read when the tokens of a review are spent."""
    return f"over the review's budget of {input_tokens:,} tokens"


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
        file = candidates.files[path]
        layout = Layout.of(file.content, diff.hunks[path], functions.get(path, ()))
        if layout is None:
            not_read[path] = "its text is not the one of the diff"
        elif not choice.takes(path, layout):
            not_read[path] = over_budget(input_tokens)
        elif layout.cuts_an_added_line():
            not_read[path] = f"a changed line is longer than {MOST_OF_A_LINE:,} characters"
    bundles = tuple(Bundle.of(each) for each in _filled(choice.pieces))
    return ReadingPlan(bundles, not_read, candidates.skipped)


@dataclass(frozen=True, slots=True, order=True)
class _Piece:
    """In the order of reading: by rank, folder, name and part."""

    place: tuple[int, str, str, int]
    excerpt: Excerpt = field(compare=False)
    tokens: int = field(compare=False)


class _Choice:
    """Excerpts that go together within the budget."""

    def __init__(self, rank: Mapping[str, int], input_tokens: int, overhead_tokens: int) -> None:
        self._rank = rank
        self._budget = input_tokens
        self._overhead = overhead_tokens
        self._tokens = 0
        self.pieces: list[_Piece] = []

    def takes(self, path: str, layout: Layout) -> bool:
        """All of it, or nothing."""
        if not self._could_hold(layout.least_bytes() * 10 // 28):
            return False
        more = self._pieces_of(path, layout)
        tokens = sum(piece.tokens for piece in more)
        if not self._could_hold(tokens):
            return False
        pieces = sorted([*self.pieces, *more])
        if self._tokens + tokens + self._overhead * len(_filled(pieces)) > self._budget:
            return False
        self.pieces, self._tokens = pieces, self._tokens + tokens
        return True

    def _could_hold(self, tokens: int) -> bool:
        """Whether it would fit, were each bundle filled to the brim."""
        total = self._tokens + tokens
        return total + self._overhead * -(-total // BUNDLE_TOKENS) <= self._budget

    def _pieces_of(self, path: str, layout: Layout) -> list[_Piece]:
        room = BUNDLE_TOKENS - Excerpt(path, "").tokens
        folder, _, name = path.rpartition("/")
        excerpts = (Excerpt(path, text) for text in layout.parts(room * 28 // 10))
        return [
            _Piece((self._rank[path], folder, name, part), excerpt, excerpt.tokens)
            for part, excerpt in enumerate(excerpts)
        ]


def _filled(pieces: Iterable[_Piece]) -> list[list[Excerpt]]:
    bundles: list[list[Excerpt]] = []
    room = 0
    for piece in pieces:
        if piece.tokens > room:
            bundles.append([])
            room = BUNDLE_TOKENS
        bundles[-1].append(piece.excerpt)
        room -= piece.tokens
    return bundles


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
