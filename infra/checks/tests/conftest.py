"""The tree that the rules are about, copied so that a test may spoil it."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = ("contracts", "libs", "services", "infra", "bench")
NOT_SOURCES = shutil.ignore_patterns("tests", "samples", "__pycache__", ".*", "*.egg-info")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in SOURCES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=NOT_SOURCES)
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path
