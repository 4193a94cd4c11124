"""Flame graphs of the platform's processes while a row is measured."""

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crivo_local.part import Part

PROGRAM = Path(sys.executable).with_name("py-spy")
LONGEST_SECONDS = 3600


@contextmanager
def profiled(parts: Iterable[Part], folder: Path | None) -> Iterator[None]:
    """Record all that run now until the block ends; without a folder, nothing."""
    recording = [_record(part, folder) for part in parts if part.process()] if folder else []
    try:
        yield
    finally:
        for each in recording:
            each.send_signal(signal.SIGINT)  # it writes what it has
        for each in recording:
            each.wait()


def _record(part: Part, folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    process = part.process()
    command = [
        str(PROGRAM), "record", "--pid", str(process.pid if process else 0),
        "--gil", "--output", str(folder / f"{part.name}.svg"), "--duration", str(LONGEST_SECONDS),
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
