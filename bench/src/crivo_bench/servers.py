"""The servers of a run: nobody else's, started from nothing, and gone after it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from crivo_local.stack import Stack


@contextmanager
def private_servers(root: Path) -> Iterator[Stack]:
    """Bloat, caches or a queue that an earlier run left would be measured too."""
    Stack(root, environment={}).stop()
    shutil.rmtree(root, ignore_errors=True)
    stack = Stack(root, environment={})
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(root, ignore_errors=True)


def settle(stack: Stack) -> None:
    """Write out what an earlier leg left to be written, so that the next does not pay for it."""
    with psycopg.connect(stack.urls().postgres, autocommit=True) as admin:
        admin.execute("CHECKPOINT")
