"""How much CPU each part of the platform has used, its ended children included."""

from collections.abc import Mapping
from contextlib import suppress

import psutil
from crivo_local.part import Part

ANALYZERS = "analyzers"
ANALYZED_BY = "code-review-worker"


def processor_seconds(parts: Mapping[str, Part]) -> dict[str, float]:
    """By name; the analyzers apart from the worker that runs them."""
    used: dict[str, float] = {}
    for name, part in parts.items():
        if (process := part.process()) is None:
            raise ValueError(f"{name} does not run")
        own, started = _used(process)
        if name == ANALYZED_BY:
            used |= {name: own, ANALYZERS: started}
        else:
            used[name] = own + started
    return used


def _used(process: psutil.Process) -> tuple[float, float]:
    """By itself, and by all that it started."""
    times = process.cpu_times()
    started = times.children_user + times.children_system
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            of_child = child.cpu_times()
            started += sum(of_child[:4])
    return times.user + times.system, started
