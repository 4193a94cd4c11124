"""Packages of a Debian system: installed where we may, else unpacked into a folder of ours."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

_NO_EXTRAS = (
    "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces",
    "--no-enhances",
)  # fmt: skip


def install(package: str) -> None:
    """As root or with a sudo that asks nothing; elsewhere this does nothing."""
    apt = shutil.which("apt-get")
    as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if apt is None or (as_root and shutil.which("sudo") is None):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}

    def run(*arguments: str) -> bool:
        command = [*as_root, apt, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, env=environment)
        return done.returncode == 0

    wanted = ("install", "--yes", "--no-install-recommends", package)
    print(f"installing {package} with apt-get", flush=True)
    # The package lists of a new machine are missing or old.
    if not run(*wanted) and run("update"):
        run(*wanted)


def unpack(package: str, folder: Path, needs: Callable[[str], bool]) -> None:
    """Download it as a common user with the packages it `needs`, and unpack them there."""
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg")
    if apt is None or dpkg is None:
        return
    downloads = folder / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    depends = ["apt-cache", "depends", "--recurse", *_NO_EXTRAS, package]
    known = subprocess.run(depends, check=False, capture_output=True, text=True).stdout.split()
    needed = sorted({name for name in known if needs(name)})
    if not needed:
        return
    print(f"downloading {package} and {len(needed)} packages that it needs", flush=True)
    subprocess.run(
        [apt, "download", package, *needed], check=False, cwd=downloads, capture_output=True
    )
    for file in downloads.glob("*.deb"):
        subprocess.run([dpkg, "-x", str(file), str(folder)], check=False, capture_output=True)
