"""Each package declares what it imports, and each service installs alone from its own lock file.

Slow only for what changed: .local/installs keeps an environment per service, and per package a
fingerprint of all that its check depends on.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALLS = ROOT / ".local/installs"
UV = shutil.which("uv", path=f"{os.environ['PATH']}:{ROOT / '.local/uv/bin'}") or "uv"
PACKAGES = ("contracts/*", "libs/*", "services/*", "infra/local", "tests-e2e", "bench")
IMPORT_EVERYTHING = Path(__file__).with_name("import_everything.py")


class Refused(Exception):
    """What a person has to put right."""


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


def packages() -> dict[str, Package]:
    found = {}
    for pattern in PACKAGES:
        for file in sorted(ROOT.glob(f"{pattern}/pyproject.toml")):
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


def fingerprint(package: Package, known: dict[str, Package]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for file in _inputs(package, known):
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _inputs(package: Package, known: dict[str, Package]) -> Iterator[Path]:
    yield from (Path(__file__), IMPORT_EVERYTHING, ROOT / "requirements.lock")
    for name in sorted(ours(package, known)):
        folder = known[name].folder
        yield from sorted(folder.glob("*.toml"))
        yield from sorted(folder.glob("*.lock"))
        yield from sorted(
            file
            for file in folder.glob("src/**/*")
            if file.is_file() and "__pycache__" not in file.parts
        )


def declares_what_it_imports(package: Package) -> None:
    _run(sys.executable, "-m", "deptry", "--no-ansi", "src", folder=package.folder)


def is_pinned_as_in_development(package: Package) -> None:
    """What was tested is what is deployed."""
    for pin in sorted(_pins(package.lock) - _pins(ROOT / "requirements.lock")):
        raise Refused(f"{pin} is not in the root's lock file; make lock")


def _pins(lock: Path) -> set[str]:
    return set(re.findall(r"^[\w.-]+==[^\s;]+", lock.read_text(), re.MULTILINE))


def installs_alone(service: Package, known: dict[str, Package]) -> None:
    environment = INSTALLS / service.name
    python = environment / "bin/python"
    needed = ours(service, known)
    _run(UV, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(environment))
    # Exactly what the lock file says; whatever an earlier check left behind goes.
    _run(UV, "pip", "sync", "--python", str(python), "--require-hashes", str(service.lock))
    wheels = [str(wheel(known[name].folder)) for name in sorted(needed)]
    _run(UV, "pip", "install", "--python", str(python), "--no-deps", *wheels)
    _run(UV, "pip", "check", "--python", str(python))
    strangers = [package.module for package in known.values() if package.name not in needed]
    _run(str(python), "-I", str(IMPORT_EVERYTHING), service.module, *strangers)


@cache
def wheel(folder: Path) -> Path:
    """Built rather than linked: a file that the package forgets to ship is missing here too."""
    built = INSTALLS / "wheels" / folder.relative_to(ROOT)
    shutil.rmtree(built, ignore_errors=True)
    _run(UV, "build", "--wheel", "--out-dir", str(built), str(folder))
    return next(built.glob("*.whl"))


def _run(*command: str, folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused((done.stdout + done.stderr).strip())


def check(package: Package, known: dict[str, Package]) -> None:
    declares_what_it_imports(package)
    if package.lock.exists():
        is_pinned_as_in_development(package)
        installs_alone(package, known)


def main() -> None:
    known = packages()
    INSTALLS.mkdir(parents=True, exist_ok=True)
    refused = False
    for package in [known[name] for name in sys.argv[1:] or known]:
        passed = INSTALLS / f"{package.name}.passed"
        now = fingerprint(package, known)
        if passed.exists() and passed.read_text() == now:
            continue
        try:
            check(package, known)
            passed.write_text(now)
        except Refused as problem:
            refused = True
            sys.stderr.write(f"{package.name}:\n{problem}\n\n")
    sys.exit(refused)


main()
