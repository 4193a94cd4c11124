"""An environment that has one service, as its own lock file says, and nothing else."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from packages import Package, ours

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv", path=f"{os.environ['PATH']}:{ROOT / '.local/uv/bin'}") or "uv"


class Refused(Exception):
    """What a person has to put right."""


def run(*command: str, folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused((done.stdout + done.stderr).strip())


def install(service: Package, known: dict[str, Package], environment: Path, wheels: Path) -> Path:
    """Its Python. `wheels` keeps what is built on the way."""
    python = environment / "bin/python"
    run(UV, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(environment))
    # Exactly what the lock file says; whatever an earlier check left behind goes.
    run(UV, "pip", "sync", "--python", str(python), "--require-hashes", str(service.lock))
    built = [str(_wheel(known[name].folder, wheels)) for name in sorted(ours(service, known))]
    run(UV, "pip", "install", "--python", str(python), "--no-deps", *built)
    return python


@cache
def _wheel(folder: Path, wheels: Path) -> Path:
    """Built rather than linked: a file that the package forgets to ship is missing here too."""
    built = wheels / folder.parent.name / folder.name
    shutil.rmtree(built, ignore_errors=True)
    run(UV, "build", "--wheel", "--out-dir", str(built), str(folder))
    return next(built.glob("*.whl"))
