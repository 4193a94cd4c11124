"""Our packages: where each is, and which of ours it needs."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

PACKAGES = (
    "contracts/*",
    "libs/*",
    "services/*",
    "infra/*",
    "bench/*",
    "evals",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    folder: Path
    name: str
    requires: frozenset[str]

    @property
    def module(self) -> str:
        return next(found.parent.name for found in self.folder.glob("src/*/__init__.py"))

    @property
    def lock(self) -> Path:
        return self.folder / "requirements.lock"


def packages(root: Path) -> dict[str, Package]:
    found = {}
    for pattern in PACKAGES:
        for file in sorted(root.glob(f"{pattern}/pyproject.toml")):
            project = tomllib.loads(file.read_text())["project"]
            requires = frozenset(re.split(r"[^\w.-]", line)[0] for line in project["dependencies"])
            found[project["name"]] = Package(
                folder=file.parent, name=project["name"], requires=requires
            )
    return found


def ours(package: Package, known: dict[str, Package]) -> set[str]:
    """The package and, however far away, those of ours that it declares."""
    closure = {package.name}
    for name in package.requires & known.keys():
        closure |= ours(known[name], known)
    return closure
