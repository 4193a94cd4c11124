"""A public route that names no permission is refused, unless it says why it needs none."""

from pathlib import Path

import permissions
import pytest

ROOT = Path(__file__).parents[3]
FILE = "services/gateway/src/gateway/presentation/http.py"


def problems_of(root: Path, code: str) -> list[str]:
    file = root / FILE
    file.parent.mkdir(parents=True)
    file.write_text(code)
    return permissions.problems(root)


def test_every_route_names_its_permission() -> None:
    assert permissions.problems(ROOT) == []


@pytest.mark.parametrize(
    "code",
    [
        '@get("/v1/things")\ndef show(): ...',
        "@post(THINGS, status_code=202)\ndef make(): ...",
        'class Things(Controller):\n    path = "/v1/things"\n\n    @get()\n    def show(self): ...',
        '# no permission:\n@get("/v1/things")\ndef show(): ...',
        '# no permission: of another one\n\n@get("/v1/things")\ndef show(): ...',
    ],
    ids=["function", "unknown path", "controller", "escape without a reason", "escape elsewhere"],
)
def test_a_route_without_one_is_refused(tmp_path: Path, code: str) -> None:
    (problem,) = problems_of(tmp_path, code)
    assert problem.startswith(f"{FILE}:")
    assert "names no permission" in problem


@pytest.mark.parametrize(
    "code",
    [
        '@get("/v1/things", permission="things.read")\ndef show(): ...',
        '# no permission: everybody may see it\n@get("/v1/things")\ndef show(): ...',
        '@get("/internal/v1/things")\ndef show(): ...',
        '@cache("/v1/things")\ndef show(): ...',
    ],
    ids=["named", "escape with a reason", "internal", "no route"],
)
def test_nothing_else_is(tmp_path: Path, code: str) -> None:
    assert problems_of(tmp_path, code) == []
