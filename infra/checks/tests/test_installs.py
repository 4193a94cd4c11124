"""What `make installs` refuses."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

GATEWAY = "services/gateway"


def refusal_of_the_gateway(tree: Path) -> str:
    """What the check says of it; nothing when it passes."""
    uv = ROOT / ".local/uv/bin"
    check = subprocess.run(
        [sys.executable, "infra/checks/installs.py", "gateway"],
        cwd=tree,
        env=os.environ | {"PATH": f"{os.environ['PATH']}{os.pathsep}{uv}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(check.returncode) == bool(check.stderr), check.stderr
    return check.stderr


def plant(tree: Path, line: str) -> None:
    with (tree / GATEWAY / "src/gateway/application/routes.py").open("a") as module:
        module.write(f"\n{line}\n")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_change_that_is_refused_after_a_pass_is_seen(tree: Path) -> None:
    assert refusal_of_the_gateway(tree) == ""

    # Installed where the developer works, and not by what the gateway declares.
    plant(tree, "import sqlalchemy")

    assert "'sqlalchemy' imported" in refusal_of_the_gateway(tree)


def test_a_package_that_only_a_dependency_declares_is_refused(tree: Path) -> None:
    edit(tree / GATEWAY / "pyproject.toml", '    "structlog>=26.1",', "    #")

    assert "'structlog' imported" in refusal_of_the_gateway(tree)


def test_a_declared_package_that_nothing_imports_is_refused(tree: Path) -> None:
    edit(tree / GATEWAY / "pyproject.toml", "dependencies = [", 'dependencies = ["unidiff",')

    assert "'unidiff' defined as a dependency but not used" in refusal_of_the_gateway(tree)


def test_another_service_cannot_be_reached_by_its_name(tree: Path) -> None:
    plant(tree, '__import__("organization.settings")')

    assert "No module named 'organization'" in refusal_of_the_gateway(tree)


def test_a_declared_package_that_is_not_pinned_is_refused(tree: Path) -> None:
    lock = tree / GATEWAY / "requirements.lock"
    pins = lock.read_text().split("\n")
    first = next(number for number, line in enumerate(pins) if line.startswith("redis=="))
    after = next(n for n, line in enumerate(pins) if n > first and not line.startswith(" "))
    lock.write_text("\n".join(pins[:first] + pins[after:]))

    assert "requires redis" in refusal_of_the_gateway(tree).replace("`", "").lower()


def test_a_service_pins_what_development_pins(tree: Path) -> None:
    edit(tree / "requirements.lock", "\nhttpx==", "\nhttpx==999.")

    assert "httpx==" in refusal_of_the_gateway(tree)
