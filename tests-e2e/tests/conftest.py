"""One platform for all journeys, started by the first and stopped after the last."""

from collections.abc import Iterator

import pytest
from crivo_local.workspace import Workspace
from e2e_support.world import ROOT, World, platform_for_tests


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    # Journeys must not wait for people's patience: a retry comes after a second or so.
    platform = platform_for_tests(ROOT, WORKFLOW_QUEUE_BACKOFF_SECONDS="1")
    platform.up()
    workspace = Workspace(platform)
    yield World(workspace)
    with workspace:
        workspace.code_host_part.stop()
        platform.stop_processes()
