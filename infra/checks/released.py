"""What `releases.toml` says was released, and its code as it was then."""

import ast
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from environments import Refused, install
from packages import packages

RELEASES = "releases.toml"
LAUNCHER = "infra/local/src/crivo_local/services.py"
FIELDS = {"service": r"[a-z]+(-[a-z]+)*", "version": r"\d+\.\d+\.\d+", "commit": r"[0-9a-f]{40}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    service: str
    version: str
    commit: str

    def __str__(self) -> str:
        return f"{self.service} {self.version}"

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(int(number) for number in self.version.split("."))

    def file(self, root: Path, name: str) -> str | None:
        """A file as it was released; None where the history does not reach."""
        path = f"{self.commit}:{name}"
        done = subprocess.run(
            ["git", "show", path], cwd=root, capture_output=True, text=True, check=False
        )
        return None if done.returncode else done.stdout

    def processes(self, root: Path) -> tuple[str, ...]:
        """What the launcher of that time starts of the service, each apart."""
        for node in ast.parse(self.file(root, LAUNCHER) or "").body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PROCESSES":
                return tuple(ast.literal_eval(node.value)[self.service])
        raise Refused(f"{self}: its launcher does not say which processes there are")


def read(root: Path) -> list[Release]:
    """In the file's order; raise Refused when it is not what it should be."""
    try:
        rows = tomllib.loads((root / RELEASES).read_text())["releases"]
        for row in rows:
            for name, pattern in FIELDS.items():
                if not re.fullmatch(pattern, row[name]):
                    raise Refused(f"{RELEASES}: {name} = {row[name]!r} of {row['service']}")
        return [Release(**row) for row in rows]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as problem:
        raise Refused(
            f"{RELEASES}: service, version and commit of each release: {problem}"
        ) from problem


def last(root: Path) -> dict[str, Release]:
    """The newest of each service."""
    return {release.service: release for release in read(root)}


def python_of(release: Release, root: Path) -> Path:
    """The Python of an environment that has this release and what its own lock file says."""
    home = root / ".local/releases" / release.commit
    environment = home / "environments" / release.service
    installed = environment / "installed"
    if not installed.exists():
        known = packages(_code(release, root, home))
        install(known[release.service], known, environment, home / "wheels")
        installed.touch()
    return environment / "bin/python"


def _code(release: Release, root: Path, home: Path) -> Path:
    code = home / "code"
    code.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(
        ["git", "archive", release.commit], cwd=root, capture_output=True, check=False
    )
    if archive.returncode:
        reason = archive.stderr.decode().strip()
        raise Refused(f"{release} is not in this clone; git fetch --unshallow, or --all: {reason}")
    subprocess.run(["tar", "-x", "-C", str(code)], input=archive.stdout, check=True)
    return code
