"""Source files on disk under names of our own, for programs that read directories."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from code_review.application.ports import AnalyzerFailed
from code_review.domain.source_file import SourceFile

MOST_BYTES_OF_A_FILE = 1 << 20
MOST_BYTES = 20 << 20


@dataclass(frozen=True, slots=True)
class Workspace:
    """`files` are by their name relative to `directory`."""

    directory: Path
    files: Mapping[str, SourceFile]

    def file_at(self, written_path: str) -> SourceFile:
        """The file an analyzer means by an absolute or relative path of this directory."""
        name = "/".join(PurePosixPath(written_path).parts[-2:])
        return self.files[name]


@asynccontextmanager
async def open_workspace(
    files: Sequence[SourceFile],
    suffixes: frozenset[str],
    *,
    configuration: Mapping[str, str] | None = None,
) -> AsyncIterator[Workspace]:
    """A fresh directory with the files of these suffixes that are no larger than generated code is.

    Nothing of a repository's path but a suffix we know reaches the disk, so neither a path that
    climbs out nor the configuration of a tool does. Whoever opens it writes `configuration`.
    """
    chosen = [(file, suffix) for file in files if (suffix := suffix_of(file.path)) in suffixes]
    contents = {
        f"f{number}/{_stem(file.path)}{suffix}": (file, content)
        for number, (file, suffix) in enumerate(chosen)
        if (content := _encoded(file.content)) is not None
    }
    if sum(len(content) for _, content in contents.values()) > MOST_BYTES:
        raise AnalyzerFailed(f"the changed files are larger than {MOST_BYTES >> 20} MB together")
    holder = await asyncio.to_thread(
        TemporaryDirectory, prefix="crivo-", ignore_cleanup_errors=True
    )
    try:
        directory = Path(holder.name)
        written = {name: content for name, (_, content) in contents.items()}
        own = {name: text.encode() for name, text in (configuration or {}).items()}
        await asyncio.to_thread(_write, directory, {**written, **own})
        yield Workspace(directory, {name: file for name, (file, _) in contents.items()})
    finally:
        await asyncio.to_thread(holder.cleanup)


def suffix_of(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _stem(path: str) -> str:
    """A package's `__init__` means something to analyzers of Python; other names mean nothing."""
    return "__init__" if PurePosixPath(path).stem == "__init__" else "module"


def _encoded(content: str) -> bytes | None:
    """UTF-8 without its mark, which analyzers disagree about counting as a column."""
    try:
        encoded = content.removeprefix("\ufeff").encode()
    except UnicodeEncodeError:
        return None  # lone surrogates: not text
    return encoded if len(encoded) <= MOST_BYTES_OF_A_FILE else None


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        place = directory / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
