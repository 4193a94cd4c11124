"""Messages stay readable: what was published does not break, and schemas, samples and page agree.

--write brings the schemas and docs/events.md up to date, unless that would break somebody.
"""

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping

import samples
from catalogue import ROOT, Entry, entries
from compatibility import breaking
from events_page import page

PAGE = ROOT / "docs/events.md"
REMOVED = ROOT / "contracts/removed.md"

Published = Mapping[str, bytes]


def main() -> None:
    current = {entry.snapshot: entry for entry in entries()}
    base = _base()
    published = _published(base)
    broken = [*_broken(current, published), *_edited_samples(published)]
    if broken:
        raise SystemExit(_report(f"This breaks what is published at {base[:12]}:", broken))
    if "--write" in sys.argv:
        _write(current)
        return
    stale = [
        *_stale(current),
        *(fault for each in current.values() for fault in samples.faults(each)),
    ]
    if stale:
        raise SystemExit(_report("The messages and what is said of them differ:", stale))
    sys.stdout.write(f"{len(current)} messages, compatible with those at {base[:12]}\n")


def _base() -> str:
    """Where this branch left what others run; alone on a machine, that is the last commit."""
    known = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", "origin/main"],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    wanted = ["rev-parse", "HEAD"] if known.returncode else ["merge-base", "HEAD", "origin/main"]
    return _git(*wanted).decode().strip()


def _published(base: str) -> Published:
    """The schemas and samples at the base; they are promises whatever their classes say."""
    with tarfile.open(fileobj=io.BytesIO(_git("archive", base, "contracts"))) as archive:
        return {
            member.name: content.read()
            for member in archive
            if member.name.endswith(".json") and (content := archive.extractfile(member))
        }


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True)
    if done.returncode:
        reason = done.stderr.decode().strip() or "no common history; fetch more of it"
        raise SystemExit(f"What is published is in git, but git {arguments[0]} failed: {reason}")
    return done.stdout


def _broken(current: Mapping[str, Entry], published: Published) -> Iterator[str]:
    for path in sorted(published):
        if "/schemas/" not in path:
            continue
        if path in current:
            entry = current[path]
            for problem in breaking(json.loads(published[path]), entry.schema()):
                yield f"{entry.type}: {problem}"
        elif not _removal_decided(path):
            yield f"{path} has no class any more: {REMOVED.name} says how a version is removed"
    for path, entry in current.items():
        if _removal_decided(path):
            yield f"{entry.type} is in {REMOVED.name}, but {entry.body.__name__} is still there"


def _edited_samples(published: Published) -> Iterator[str]:
    for path, content in sorted(published.items()):
        if "/samples/" not in path or _removal_decided(path):
            continue
        file = ROOT / path
        if not file.exists():
            yield f"{path} was removed, but such messages are still about"
        elif file.read_bytes() != content:
            yield f"{path} was edited, but such messages are still about: add another sample"


def _removal_decided(path: str) -> bool:
    kind, rest = path.split("/", 3)[2:]
    message = rest.removesuffix(".json") if kind == "schemas" else rest.split("/")[0]
    return f"\n| `{message}` |" in REMOVED.read_text()


def _stale(current: Mapping[str, Entry]) -> Iterator[str]:
    for path, entry in current.items():
        file = ROOT / path
        if not file.exists():
            yield f"{path} does not exist: run make contracts-write"
        elif file.read_text() != entry.schema_text():
            yield f"{path} is not the schema of {entry.body.__name__}: run make contracts-write"
        if not entry.meaning:
            yield f"{entry.body.__name__} has no docstring that says what it means"
    for path in _on_disk("schemas") - current.keys():
        yield f"{path} has no class: run make contracts-write"
    for path in _on_disk("samples") - {entry.samples for entry in current.values()}:
        yield f"{path} has no class: remove it"
    if not PAGE.exists() or PAGE.read_text() != page(list(current.values())):
        yield "docs/events.md is out of date: run make contracts-write"


def _on_disk(kind: str) -> set[str]:
    return {str(file.relative_to(ROOT)) for file in ROOT.glob(f"contracts/*/{kind}/*")}


def _write(current: Mapping[str, Entry]) -> None:
    for path in _on_disk("schemas") - current.keys():
        (ROOT / path).unlink()
    for path, entry in current.items():
        file = ROOT / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(entry.schema_text())
    PAGE.write_text(page(list(current.values())))


def _report(what: str, problems: list[str]) -> str:
    return "\n".join([what, *(f"  {problem}" for problem in problems)])


main()
