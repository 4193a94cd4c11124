"""One run of mypy over sources and tests, so that one cache serves all of them.

Test files of two packages may have one name, which mypy takes for one module: it sees each folder
of tests through a link, named for its package.
"""

import sys
from pathlib import Path

from mypy import api

ROOT = Path(__file__).parents[2]
LINKS = Path(".local/types")
SOURCES = ("*/*/src", "*/src", "infra/checks/*.py", "*/*/tests/*_support", "*/tests/*_support")
TESTS = ("*/*/tests", "*/tests")


def link(tests: Path) -> Path:
    """The folder under a name that no other has and that Python could import."""
    name = "_".join(tests.parts).replace("-", "_")
    made = LINKS / name
    if not made.is_symlink():
        made.parent.mkdir(parents=True, exist_ok=True)
        made.symlink_to(ROOT / tests, target_is_directory=True)
    return made


def found(patterns: tuple[str, ...]) -> list[Path]:
    paths = [each.relative_to(ROOT) for pattern in patterns for each in ROOT.glob(pattern)]
    return sorted(each for each in paths if not each.parts[0].startswith("."))


def main() -> None:
    links = {link(tests): tests for tests in found(TESTS)}
    paths = [*found(SOURCES), *links]
    said, complaint, status = api.run([str(each) for each in paths])
    for made, tests in links.items():
        said = said.replace(f"{made}/", f"{tests}/")
    sys.stdout.write(said)
    sys.stderr.write(complaint)
    raise SystemExit(status)


main()
