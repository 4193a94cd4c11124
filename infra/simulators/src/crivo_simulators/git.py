"""A bare repository, spoken to through the git program; nothing of it is ever checked out."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

AUTHOR = "Developer <developer@example.invalid>"
# What the machine's owner configured must not change what the host answers.
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_STATUSES: dict[str, Literal["added", "modified", "removed", "renamed"]] = {
    "A": "added", "M": "modified", "T": "modified", "D": "removed", "R": "renamed",
}  # fmt: skip


class GitFailed(Exception):
    """What git said on standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    path: str
    previous_path: str | None
    status: Literal["added", "modified", "removed", "renamed"]
    additions: int
    deletions: int


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def create(self, default_branch: str) -> None:
        self.folder.mkdir(parents=True)
        await self._git("init", "--quiet", "--bare", "--initial-branch", default_branch)

    async def tip(self, branch: str) -> str | None:
        return await self._found(f"refs/heads/{branch}^{{commit}}")

    async def commit_of(self, revision: str) -> str | None:
        """A branch, or a commit by its full id; None when there is none."""
        return await self.tip(revision) or await self._found(f"{revision}^{{commit}}")

    async def commit(
        self,
        branch: str,
        files: Mapping[str, str | None],
        *,
        message: str,
        parent: str | None,
        second: int,
    ) -> str:
        """One commit on `parent` that writes these files, None deletes; the branch moves to it."""
        stream = [f"commit refs/heads/{branch}\ncommitter {AUTHOR} {second} +0000\n".encode()]
        stream.append(_data(message.encode()))
        stream.append(f"from {parent}\n".encode() if parent else b"")
        for path, text in files.items():
            if text is None:
                stream.append(f"D {_quoted(path)}\n".encode())
            else:
                stream.append(f"M 100644 inline {_quoted(path)}\n".encode())
                stream.append(_data(text.encode()))
        await self._git("fast-import", "--quiet", "--force", stdin=b"".join(stream))
        made = await self.tip(branch)
        assert made is not None  # noqa: S101 - it was just written
        return made

    async def fetch(self, source: Path, revision: str, branch: str) -> str:
        """Take a commit with its history from another repository on this machine."""
        await self._git(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
            str(source), f"+{revision}:refs/heads/{branch}",
        )  # fmt: skip
        made = await self.tip(branch)
        assert made is not None  # noqa: S101 - it was just written
        return made

    async def merge_base(self, base: str, head: str) -> str:
        return (await self._git("merge-base", base, head)).decode().strip()

    async def diff(self, base: str, head: str) -> str:
        """The unified diff from where `head` left `base`, as pull requests show it."""
        start = await self.merge_base(base, head)
        options = ["--find-renames", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv"]
        return (await self._git("diff", *options, start, head)).decode(errors="replace")

    async def changes(self, base: str, head: str) -> list[FileChange]:
        start = await self.merge_base(base, head)
        listed = ["--find-renames", "-z", start, head]
        names = _fields(await self._git("diff", "--name-status", *listed))
        counts = _counts(_fields(await self._git("diff", "--numstat", *listed)))
        found, position = [], 0
        while position < len(names):
            status = _STATUSES[names[position][0]]
            paths = names[position + 1 : position + (3 if status == "renamed" else 2)]
            position += 1 + len(paths)
            additions, deletions = counts[paths[-1]]
            found.append(
                FileChange(
                    path=paths[-1],
                    previous_path=paths[0] if status == "renamed" else None,
                    status=status,
                    additions=additions,
                    deletions=deletions,
                )
            )
        return found

    async def content(self, revision: str, path: str) -> bytes | None:
        """The bytes of a file; None when there is none, or when it is a folder."""
        try:
            return await self._git("cat-file", "blob", f"{revision}:{path}")
        except GitFailed:
            return None

    async def _found(self, revision: str) -> str | None:
        try:
            said = await self._git("rev-parse", "--verify", "--quiet", "--end-of-options", revision)
        except GitFailed:
            return None
        return said.decode().split()[-1]

    async def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        process = await asyncio.create_subprocess_exec(
            "git", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=true", *arguments,
            cwd=self.folder,
            env=_ENVIRONMENT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, complaint = await process.communicate(stdin)
        if process.returncode:
            raise GitFailed(complaint.decode(errors="replace").strip() or f"git {arguments[0]}")
        return output


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _fields(output: bytes) -> list[str]:
    return output.decode(errors="replace").split("\0")[:-1]


def _counts(fields: list[str]) -> dict[str, tuple[int, int]]:
    """Added and deleted lines by path; git says `-` for a binary file."""
    counts = {}
    position = 0
    while position < len(fields):
        added, deleted, path = fields[position].split("\t", 2)
        position += 1
        if not path:  # a rename: both paths follow
            path = fields[position + 1]
            position += 2
        counts[path] = (0 if added == "-" else int(added), 0 if deleted == "-" else int(deleted))
    return counts
