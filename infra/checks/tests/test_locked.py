"""A need that is not locked and a file that cannot be read are named before a commit."""

from pathlib import Path

import locked
import pytest

ROOT = Path(__file__).parents[3]
MANIFEST = '[project]\nname = "shop"\ndependencies = ["httpx>=2"]\n'


def problems_of(root: Path, **files: str) -> list[str]:
    for name, text in {"requirements.lock": "httpx==2.1 \\\n", **files}.items():
        (root / name).write_text(text)
    return list(locked.problems(root, list(files)))


def test_everything_is_locked_and_can_be_read() -> None:
    assert list(locked.problems(ROOT, locked.tracked(ROOT))) == []


def test_a_need_that_is_locked_is_met(tmp_path: Path) -> None:
    assert problems_of(tmp_path, **{"pyproject.toml": MANIFEST}) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"pyproject.toml": MANIFEST.replace("httpx", "attrs")}, "shop needs attrs>=2"),
        ({"pyproject.toml": MANIFEST.replace(">=2", ">=3")}, "shop needs httpx>=3"),
        ({"a.toml": "a ="}, "a.toml: "),
        ({"a.yaml": "a: [1"}, "a.yaml: "),
    ],
)
def test_anything_else_is_named(tmp_path: Path, files: dict[str, str], said: str) -> None:
    (problem,) = problems_of(tmp_path, **files)
    assert problem.startswith(said)
