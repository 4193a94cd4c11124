"""A platform whose reviews ask the local model server, and what that server is told to do wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from crivo_local.client import Json
from crivo_local.platform import Platform
from crivo_local.services import MODEL_KEY, MODEL_NAME
from crivo_local.workspace import Workspace
from e2e_support.world import World, platform_for_tests

INPUT_TOKENS = 30_000


class ModelWorld(World):
    """`model` speaks to the server's control."""

    def __init__(self, workspace: Workspace, model: httpx.Client) -> None:
        super().__init__(workspace)
        self._model = model

    @contextmanager
    def model_fails(self, **how: Any) -> Iterator[None]:
        """The model misbehaves for the block, each time unless `times` says otherwise."""
        fault = {"times": 1000, **how}
        self._model.post("/_control/faults", json=fault).raise_for_status()
        try:
            yield
        finally:
            self._model.post("/_control/clear-faults").raise_for_status()

    def model_calls(self) -> list[Json]:
        """Oldest first."""
        found: list[Json] = self._model.get("/_control/calls").json()
        return found


@contextmanager
def model_world(root: Path) -> Iterator[ModelWorld]:
    platform = platform_for_tests(root, "e2e-model", WORKFLOW_QUEUE_BACKOFF_SECONDS="1")
    server = platform.model_server()
    server.start()
    server.wait()
    url = f"http://127.0.0.1:{server.port}"
    platform.override(
        CODE_REVIEW_MODEL_URL=f"{url}/v1",
        CODE_REVIEW_MODEL_NAME=MODEL_NAME,
        CODE_REVIEW_MODEL_API_KEY=MODEL_KEY,
        CODE_REVIEW_MODEL_INPUT_TOKENS=str(INPUT_TOKENS),
        # An answer of 500 findings is to be read to its end.
        CODE_REVIEW_MODEL_OUTPUT_TOKENS="200000",
        CODE_REVIEW_MODEL_REQUEST_SECONDS="6",
        CODE_REVIEW_MODEL_SECONDS="60",
    )
    platform.up()
    with Workspace(platform) as workspace, httpx.Client(base_url=url, timeout=30) as client:
        try:
            yield ModelWorld(workspace, client)
        finally:
            _stop(platform, workspace)


def _stop(platform: Platform, workspace: Workspace) -> None:
    workspace.code_host_part.stop()
    platform.model_server().stop()
    platform.stop_processes()
