"""A decision that no check enforces is a wish; one that names a check that is gone is a lie."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
PATH = re.compile(
    r"`((?:contracts|infra|libs|services|tests-e2e)/[\w./-]+|[\w-]+\.toml)(?:::(\w+))?`"
)


def enforcement(decision: Path) -> str:
    return decision.read_text().partition("\n## Enforced by\n")[2]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_what_enforces_a_decision_exists(decision: Path) -> None:
    text = enforcement(decision)
    targets = re.findall(r"`make ([\w-]+)`", text)
    checks = PATH.findall(text)
    known = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    missing = {target for target in targets if target not in " ".join(known).split()}
    for path, test in checks:
        file = ROOT / path
        if not file.exists() or (test and f"def {test}(" not in file.read_text()):
            missing.add(f"{path}::{test}")

    assert targets or checks
    assert missing == set()


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_fits_a_page(decision: Path) -> None:
    text = decision.read_text()

    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert re.search(r"^## Decision\n\n\*\*[^*]+\.\*\*$", text, re.MULTILINE)
    assert len(text.splitlines()) <= 80


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_when_its_facts_were_true(decision: Path) -> None:
    assert re.match(r"# .*\n\nFacts as of 2\d{3}-\d\d-\d\d\.\n\n", decision.read_text())


def test_the_index_has_every_decision_in_its_words() -> None:
    rows = re.findall(r"^\| \[(\d+)\]\((.*?)\) \| (.*?) \| (.*) \|$", index(), re.MULTILINE)

    assert [name for _, name, _, _ in rows] == [path.name for path in DECISIONS]
    for number, name, title, sentence in rows:
        text = (FOLDER / name).read_text()
        assert text.startswith(f"# {number} · {title}\n")
        assert f"**{sentence}**" in " ".join(text.split())


def index() -> str:
    return (FOLDER / "README.md").read_text()


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_a_decision_that_code_refers_to_exists() -> None:
    referred = {
        number
        for folder in ("contracts", "infra", "libs", "services", "tests-e2e")
        for file in (ROOT / folder).rglob("*.py")
        for number in re.findall(r"docs/adr/(\d{4})", file.read_text())
    }

    assert "0008" in referred
    assert referred <= {path.name[:4] for path in DECISIONS}
