"""From a diff to the list of its files, and from GitHub's list of files to a diff."""

from collections.abc import Sequence
from typing import Any

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from platform_integration.application.ports import HostAway
from platform_integration.domain.change_set import ChangedFile
from platform_integration.infrastructure.diff_paths import quoted, unquoted


def changed_files(diff: str) -> list[ChangedFile]:
    """Every file of a diff, without contents."""
    try:
        return [_changed(file) for file in PatchSet.from_string(diff)]
    except UnidiffParseError as problem:
        raise HostAway(f"the code host sent a diff that is none: {problem}") from problem


def _changed(file: PatchedFile) -> ChangedFile:
    status = (
        "removed"
        if file.is_removed_file
        else "added"
        if file.is_added_file
        else "renamed"
        if file.is_rename
        else "modified"
    )
    previous = unquoted(file.source_file).removeprefix("a/") if file.is_rename else None
    return ChangedFile(
        path=unquoted(file.path),
        previous_path=previous,
        status=status,
        content=None,
        omitted_reason="binary" if file.is_binary_file else None,
    )


def diff_of_files(files: Sequence[dict[str, Any]]) -> tuple[str, bool]:
    """A unified diff of what `pulls/{n}/files` lists; True when GitHub left patches out."""
    parts, truncated = [], False
    for file in files:
        name, old = file["filename"], file.get("previous_filename") or file["filename"]
        source, target = quoted(f"a/{old}"), quoted(f"b/{name}")
        parts.append(f"diff --git {source} {target}\n")
        if file["status"] == "added":
            parts.append("new file mode 100644\n")
            source = "/dev/null"
        elif file["status"] == "removed":
            parts.append("deleted file mode 100644\n")
            target = "/dev/null"
        elif file["status"] == "renamed":
            parts.append(f"rename from {quoted(old)}\nrename to {quoted(name)}\n")
        patch = file.get("patch")
        if patch:
            parts.append(f"--- {source}\n+++ {target}\n{patch}\n")
        elif file.get("changes", 0):
            truncated = True
    return "".join(parts), truncated
