"""Each line of releases.toml is true: a service, a version its changelog tells of, a commit."""

import re
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from environments import ROOT, Refused
from released import RELEASES, Release, read

UNRELEASED = "Unreleased"


def faults(root: Path) -> Iterator[str]:
    known: dict[str, list[Release]] = {
        file.parent.name: [] for file in sorted(root.glob("services/*/pyproject.toml"))
    }
    for release in read(root):
        if release.service in known:
            known[release.service].append(release)
        else:
            yield f"{release.service} is no service of ours"
    for service, releases in known.items():
        if not releases:
            yield f"{service} has no release"
        for older, newer in pairwise(releases):
            if newer.order <= older.order:
                yield f"{newer} comes after {older}"
        for release in releases:
            yield from _of_one(root, release)
        yield from _of_the_changelog(root, service, releases)


def _of_one(root: Path, release: Release) -> Iterator[str]:
    project = release.file(root, f"services/{release.service}/pyproject.toml")
    if project is None:
        yield (
            f"{release}: this clone has no {release.commit[:12]} with that service; "
            "fetch the whole history (git fetch --unshallow), or correct the line"
        )
    elif (version := tomllib.loads(project)["project"]["version"]) != release.version:
        yield f"{release}: its commit says that it is {version}"


def _of_the_changelog(root: Path, service: str, releases: list[Release]) -> Iterator[str]:
    text = (root / "services" / service / "CHANGELOG.md").read_text()
    told = re.findall(r"^## (.*)$", text, re.MULTILINE)
    expected = [release.version for release in reversed(releases)]
    if told not in (expected, [UNRELEASED, *expected]):
        yield (
            f"{service}: CHANGELOG.md has the sections {', '.join(told)}, "
            f"and the releases are {', '.join(expected)}, newest first"
        )


def main() -> None:
    try:
        found = list(faults(ROOT))
    except Refused as problem:
        found = [str(problem)]
    if found:
        sys.exit("\n".join([f"{RELEASES} and what it tells of differ:", *found]))


main()
