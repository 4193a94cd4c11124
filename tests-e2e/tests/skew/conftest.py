"""A platform whose services are all of their last release; a new one for each order of upgrade."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from crivo_local.platform import Platform
from crivo_local.services import PROCESSES
from crivo_local.stack import Stack
from crivo_local.workspace import Workspace
from e2e_support.world import CHECKOUT, ROOT, World
from released import last, python_of


@pytest.fixture
def released() -> Iterator[World]:
    releases = last(CHECKOUT)
    pythons = {service: python_of(release, CHECKOUT) for service, release in releases.items()}
    absent = [
        f"{service}-{process}"
        for service, release in releases.items()
        for process in set(PROCESSES[service]).difference(release.processes(CHECKOUT))
    ]
    root = ROOT / "skew"
    stop_what_an_earlier_run_left(root)
    platform = Platform(
        Stack(ROOT),
        root,
        checkout=CHECKOUT,
        layout="split",
        # Stores that no newer code has migrated.
        prefix=f"skew_{uuid4().hex[:8]}_",
        pythons=pythons,
        absent=absent,
    )
    try:
        platform.up()
        with Workspace(platform) as workspace:
            yield World(workspace)
    finally:
        platform.code_host("").stop()
        platform.stop_processes()
    platform.remove_stores()


def stop_what_an_earlier_run_left(root: Path) -> None:
    left = Platform(Stack(ROOT), root, checkout=CHECKOUT)
    left.stop_processes()
    left.code_host("").stop()
    shutil.rmtree(root, ignore_errors=True)
