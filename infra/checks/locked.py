"""Seen in a moment before a commit: TOML and YAML can be read, and the lock has every need."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def problems(root: Path, files: list[str]) -> Iterator[str]:
    pins: dict[str, set[str]] = {}
    for name, version in PIN.findall((root / "requirements.lock").read_text()):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    manifests = [tomllib.loads((root / each).read_text()) for each in _manifests(files)]
    ours = {canonicalize_name(each["project"]["name"]) for each in manifests}
    yield from _unreadable(root, files)
    for manifest in manifests:
        for need in map(Requirement, _needs(manifest)):
            name = canonicalize_name(need.name)
            if name in ours:
                continue
            if not any(need.specifier.contains(each) for each in pins.get(name, ())):
                yield f"{manifest['project']['name']} needs {need}, which is not locked; make lock"


def _unreadable(root: Path, files: list[str]) -> Iterator[str]:
    for each in files:
        try:
            if each.endswith(".toml"):
                tomllib.loads((root / each).read_text())
            elif each.endswith((".yaml", ".yml")):
                list(yaml.parse((root / each).read_text(), Loader=yaml.SafeLoader))
        except (tomllib.TOMLDecodeError, yaml.YAMLError) as problem:
            yield f"{each}: {problem}"


def _manifests(files: list[str]) -> list[str]:
    return [each for each in files if Path(each).name == "pyproject.toml"]


def _needs(manifest: dict[str, dict[str, object]]) -> Iterator[str]:
    groups = manifest.get("dependency-groups", {}).values()
    for listed in (manifest["project"].get("dependencies", []), *groups):
        if isinstance(listed, list):
            yield from (str(each) for each in listed)


def tracked(root: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "*.toml", "*.yaml", "*.yml"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    inputs = ("/samples/", "evals/pull_requests/")
    return [
        each
        for each in listed.stdout.splitlines()
        if (root / each).exists() and not any(part in each for part in inputs)
    ]


if __name__ == "__main__":
    here = Path(__file__).parents[2]
    sys.exit("\n".join(problems(here, tracked(here))) or None)
