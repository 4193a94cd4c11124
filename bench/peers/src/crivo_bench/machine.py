"""What was measured on what: a figure without its machine says nothing."""

import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psutil
from crivo_local.servers import BINARIES

PACKAGES = (
    "litestar", "uvicorn", "uvloop", "psycopg", "sqlalchemy", "faststream", "aio-pika", "pydantic",
    "celery", "kombu",
)  # fmt: skip


def machine() -> Mapping[str, str]:
    return {
        "machine": f"{psutil.cpu_count()} cores ({_processor()}),"
        f" {psutil.virtual_memory().total / 2**30:.0f} GB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "Python": platform.python_version(),
        "PostgreSQL": _said(str(BINARIES / "postgres"), "--version").split()[-1],
        "commit": _said("git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((e.partition(":")[2].strip() for e in lines if e.startswith("model name")), "?")


def _distribution() -> str:
    release = platform.freedesktop_os_release()
    return release.get("PRETTY_NAME", "Linux")


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
