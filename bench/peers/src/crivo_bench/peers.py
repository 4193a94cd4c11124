"""Processes that are no part of the platform: peers to measure against, and stand-ins."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crivo_local.part import Part, free_port


@contextmanager
def running(
    name: str, root: Path, *command: str, environment: Mapping[str, str], port: int | None = None
) -> Iterator[Part]:
    """A process of this package for the block; with a `port`, once it answers there."""
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    part = Part(
        name=name,
        root=root,
        command=[sys.executable, "-m", *command],
        environment={**inherited, **environment},
        port=port or 0,
    )
    part.start()
    try:
        if port:
            part.wait()
        yield part
    finally:
        part.stop()


def any_port() -> int:
    return free_port(set())
