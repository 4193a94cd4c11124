"""Two trees of files, and what Git itself says changed between them."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Blob:
    content: bytes
    executable: bool = False


Tree = Mapping[str, Blob]

# Nobody's own configuration decides about what a test sees.
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "LC_ALL": "C.UTF-8",
}


class Repository:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._git("init", "--quiet", "--bare", ".")

    def hold(self, old: Tree, new: Tree) -> None:
        """One process for both, so that no file system has a say in names, nor takes its time."""
        stream = _commit("old", old) + _commit("new", new)
        self._git("fast-import", "--quiet", "--force", stdin=stream)

    def diff(self, *options: str) -> str:
        """As it comes out of an HTTP client: what is not UTF-8 is replaced."""
        said = self._git("diff", "--no-ext-diff", "--find-renames", *options, "old", "new")
        return said.decode(errors="replace")

    def _git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        ended = subprocess.run(
            ["git", *arguments],
            cwd=self._directory,
            env=_ENVIRONMENT,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return ended.stdout


def _commit(branch: str, tree: Tree) -> bytes:
    parts = [b"commit refs/heads/%s\ncommitter x <x@x> 0 +0000\ndata 0\n" % branch.encode()]
    parts.append(b"deleteall\n")
    for path, blob in tree.items():
        mode = b"100755" if blob.executable else b"100644"
        parts.append(b"M %s inline %s\n" % (mode, _quoted(path.encode())))
        parts.append(b"data %d\n%s\n" % (len(blob.content), blob.content))
    return b"".join(parts)


def _quoted(name: bytes) -> bytes:
    return b'"' + b"".join(b"\\%03o" % byte for byte in name) + b'"'
