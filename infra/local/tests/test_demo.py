"""The demo says at once what it cannot do, before it starts anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "said",
    [
        {"CODE_REVIEW_MODEL_URL": "http://127.0.0.1:1/v1"},
        {"CODE_REVIEW_MODEL_NAME": "gpt-5-mini"},
    ],
)
def test_half_of_a_model_is_neither_left_out_nor_replaced_by_the_script(
    said: dict[str, str], tmp_path: Path
) -> None:
    tried = subprocess.run(
        [sys.executable, "-m", "crivo_local", "demo"],
        env={**os.environ, **said, "CRIVO_LOCAL_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert tried.returncode == 1
    assert "both its address and its name" in tried.stdout
    assert not (tmp_path / "logs").exists()
