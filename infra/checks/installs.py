"""Each package declares what it imports, and each service installs alone from its own lock file.

Slow only for what changed: .local/installs keeps an environment per service, and per package a
fingerprint of all that its check depends on.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from environments import ROOT, UV, Refused, install, run
from packages import Package, ours, packages

INSTALLS = ROOT / ".local/installs"
IMPORT_EVERYTHING = Path(__file__).with_name("import_everything.py")


def fingerprint(package: Package, known: dict[str, Package]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for file in _inputs(package, known):
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _inputs(package: Package, known: dict[str, Package]) -> Iterator[Path]:
    yield from sorted(Path(__file__).parent.glob("*.py"))
    yield ROOT / "requirements.lock"
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
    run(sys.executable, "-m", "deptry", "--no-ansi", "src", folder=package.folder)


def is_pinned_as_in_development(package: Package) -> None:
    """What was tested is what is deployed."""
    for pin in sorted(_pins(package.lock) - _pins(ROOT / "requirements.lock")):
        raise Refused(f"{pin} is not in the root's lock file; make lock")


def _pins(lock: Path) -> set[str]:
    return set(re.findall(r"^[\w.-]+==[^\s;]+", lock.read_text(), re.MULTILINE))


def installs_alone(service: Package, known: dict[str, Package]) -> None:
    python = str(install(service, known, INSTALLS / service.name, INSTALLS / "wheels"))
    run(UV, "pip", "check", "--python", python)
    needed = ours(service, known)
    strangers = [package.module for package in known.values() if package.name not in needed]
    run(python, "-I", str(IMPORT_EVERYTHING), service.module, *strangers)


def check(package: Package, known: dict[str, Package]) -> None:
    declares_what_it_imports(package)
    if package.lock.exists():
        is_pinned_as_in_development(package)
        installs_alone(package, known)


def main() -> None:
    known = packages(ROOT)
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
