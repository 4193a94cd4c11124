"""A platform of its own to measure, made anew, so that nothing earlier is counted."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crivo_local.part import Part
from crivo_local.platform import Platform
from crivo_local.stack import Stack
from crivo_local.workspace import Workspace

ROOT = Path(os.environ.get("CRIVO_LOCAL_ROOT", ".local"))
CHECKOUT = Path(__file__).parents[5]
PREFIX = "capacity_"


@contextmanager
def platform() -> Iterator[Workspace]:
    """Every process apart, as in production; gone afterwards, the servers not."""
    _remove(_platform())
    made = _platform()
    try:
        made.up(print)
        with Workspace(made) as workspace:
            yield workspace
    finally:
        _remove(made)


def parts(workspace: Workspace) -> dict[str, Part]:
    """All that works on a review: servers, Crivo's processes, and the code host."""
    made = workspace.platform
    return {**made.stack.parts, **made.parts, "code-host": workspace.code_host_part}


def _platform() -> Platform:
    return Platform(
        Stack(ROOT), ROOT / "capacity", checkout=CHECKOUT, layout="split", prefix=PREFIX
    )


def _remove(made: Platform) -> None:
    if made.root.exists():
        made.stack.start()
        made.stop_processes()
        made.code_host("").stop()
        made.remove_stores()
        shutil.rmtree(made.root)
