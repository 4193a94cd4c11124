"""The servers of a run: nobody else's, started from nothing, and gone after it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from crivo_local.part import Part
from crivo_local.stack import Stack


@contextmanager
def private_servers(root: Path) -> Iterator[Stack]:
    """Bloat, caches or a queue that an earlier run left would be measured too."""
    _clear(root)
    stack = Stack(root, environment={})
    try:
        stack.start()
        yield stack
    finally:
        _clear(root)


def _clear(root: Path) -> None:
    """Also what a run that was killed has left behind."""
    stack = Stack(root, environment={})
    for record in root.glob("**/run/*.pid"):
        if record.stem not in stack.parts:
            home = record.parents[1]
            Part(name=record.stem, root=home, command=(), environment={}, port=0).stop()
    stack.stop()
    shutil.rmtree(root, ignore_errors=True)


def settle(stack: Stack) -> None:
    """Write out what an earlier leg left to be written, so that the next does not pay for it."""
    with psycopg.connect(stack.urls().postgres, autocommit=True) as admin:
        admin.execute("CHECKPOINT")
