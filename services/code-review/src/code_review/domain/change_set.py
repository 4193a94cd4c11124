"""What there is to review: a diff, and the files as they are at the head."""

from dataclasses import dataclass

from code_review.domain.diff import Diff
from code_review.domain.source_file import SourceFile

# What is not text has nothing to review, so leaving it out leaves nothing out.
UNREVIEWABLE = frozenset({"binary", "not UTF-8 text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """`content` is absent for a removed file, and for one left out for `omitted_reason`."""

    path: str
    status: str
    content: str | None
    omitted_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """`truncated` when the code host or we had to leave files out."""

    diff: Diff
    files: tuple[ChangedFile, ...]
    truncated: bool

    def sources(self) -> tuple[SourceFile, ...]:
        """The files that have lines of this change in them."""
        return tuple(
            SourceFile(path=file.path, content=file.content, changed_lines=added)
            for file in self.files
            if file.content is not None and (added := self.diff.added_lines(file.path))
        )

    def unseen(self) -> str | None:
        """Why part of the change could not be looked at, if any of it could not."""
        left_out = [
            f"{file.path} ({file.omitted_reason})"
            for file in self.files
            if file.content is None
            and file.status != "removed"
            and file.omitted_reason not in UNREVIEWABLE
        ]
        # Lines of a file that is not here at all are as unseen as those of one left out.
        left_out += [
            f"{path} (not in the change set)"
            for path in self.diff.hunks.keys() - {file.path for file in self.files}
            if self.diff.added_lines(path)
        ]
        reasons = ["the change is too large to be read whole"] if self.truncated else []
        if left_out:
            more = f" and {len(left_out) - 3} more" if len(left_out) > 3 else ""
            reasons.append(f"not read: {', '.join(sorted(left_out)[:3])}{more}")
        return "; ".join(reasons) or None
