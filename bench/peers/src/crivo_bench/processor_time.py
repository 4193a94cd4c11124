"""Seconds of processor time that processes used, as the kernel counts them."""

from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil
from crivo_local.part import Part


def own_seconds(parts: Iterable[Part]) -> float:
    """Without what the processes started: analyzers pay for themselves."""
    return sum(_own(process) for part in parts if (process := part.process()))


def tree_seconds(parts: Iterable[Part]) -> float:
    """With everything they started, also what has ended since."""
    total = 0.0
    for part in parts:
        if process := part.process():
            for each in [process, *process.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    times = each.cpu_times()
                    total += times.user + times.system
                    total += times.children_user + times.children_system
    return total


def used(seconds: Callable[[], float]) -> Callable[[], float]:
    """Start counting; what it returns says how much it was since."""
    before = seconds()
    return lambda: seconds() - before


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
