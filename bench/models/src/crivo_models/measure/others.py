"""What else the machine does while something is measured, without which no figure means much."""

import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from crivo_models.costs import Machine


class Others:
    """Cores in use by programs that are not the platform, between two moments."""

    def __init__(self) -> None:
        self._begun, self._busy = time.monotonic(), _busy()

    def used(self, ours: float) -> float:
        """Since this was made, given the CPU seconds that were the platform's."""
        return max(0.0, (_busy() - self._busy - ours) / (time.monotonic() - self._begun))


def machine(used_by_others: float) -> Machine:
    return Machine(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        used_by_others=used_by_others,
    )


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def _processor() -> str:
    """As Linux names it."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    named = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
