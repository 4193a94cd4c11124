"""A process loads what it uses: Litestar where it serves an API, FastStream where it consumes."""

import subprocess
import sys

import pytest

PRINT_LOADED = "import sys, {package}.main; print(*{{'litestar', 'faststream'}} & set(sys.modules))"


@pytest.mark.parametrize(
    "package",
    ["gateway", "organization", "platform_integration", "workflow_queue", "code_review"],
)
def test_frameworks_wait_until_a_process_needs_them(package: str) -> None:
    command = [sys.executable, "-c", PRINT_LOADED.format(package=package)]

    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert loaded == []
