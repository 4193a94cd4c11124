"""From the start of a process until it says that it is ready."""

import http.client
import time
from contextlib import suppress
from statistics import median

from crivo_local.part import Part

from crivo_bench.site import Bench
from crivo_bench.table import Line, Target

TARGET = Target(bound="≤", value=2, unit="s")
POLL_SECONDS = 0.01
PATIENCE_SECONDS = 30


class NotReady(Exception):
    """The end of the log says why."""


def measure(bench: Bench) -> list[Line]:
    with bench.site("cold-start") as platform:
        times = {name: median(_starts(bench, part)) for name, part in platform.parts.items()}
    slowest = max(times, key=times.__getitem__)
    listed = ", ".join(f"{name} {seconds:.2f}" for name, seconds in times.items())
    return [
        Line(
            what="cold start to ready, the slowest process",
            ours=f"{slowest}: {times[slowest]:.2f} s",
            value=times[slowest],
            target=TARGET,
            notes=(f"seconds, with the files in the page cache: {listed}",),
        )
    ]


def _starts(bench: Bench, part: Part) -> list[float]:
    seconds = []
    for _ in range(bench.plan.pairs):
        part.stop()
        begun = time.perf_counter()
        part.start()
        while not _is_ready(part.port):
            if time.perf_counter() - begun > PATIENCE_SECONDS:
                raise NotReady(f"{part.name}:\n{part.log_tail()}")
            time.sleep(POLL_SECONDS)
        seconds.append(time.perf_counter() - begun)
    return seconds


def _is_ready(port: int) -> bool:
    """Asked with as little as can be: the process needs the processor more than we do."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        asking.request("GET", "/health/ready")
        return asking.getresponse().status == 200
    return False
