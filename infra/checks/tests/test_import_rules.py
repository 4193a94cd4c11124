"""Each rule about imports, shown to refuse what it is there to refuse."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

INWARDS = "Dependencies point inwards"
PLAIN = "Domain and application are plain Python"
EDGE = "Messages are read and written at the edge"
DATA = "Messages are data"
APART = "No service knows another"
BELOW = "Nothing below a service knows one"

JOBS = "services/workflow-queue/src/workflow_queue"
REVIEWS = "services/code-review/src/code_review"

PLANTS = {
    "the domain reads a table": (f"{JOBS}/domain/job.py", "import sqlalchemy", PLAIN),
    "a use case speaks HTTP": (f"{JOBS}/application/retry_job.py", "import httpx", PLAIN),
    "a use case of the gateway opens a library": (
        "services/gateway/src/gateway/application/identify.py",
        "import crivo_web.serve",
        PLAIN,
    ),
    "the entrypoint reaches for an adapter": (
        f"{JOBS}/presentation/http.py",
        "import workflow_queue.infrastructure.postgres",
        INWARDS,
    ),
    "an adapter reaches for an entrypoint": (
        f"{REVIEWS}/infrastructure/published.py",
        "import code_review.presentation.http",
        INWARDS,
    ),
    "an adapter reads configuration": (
        f"{JOBS}/infrastructure/postgres.py",
        "import workflow_queue.settings",
        INWARDS,
    ),
    "the domain knows a use case": (
        f"{REVIEWS}/domain/review.py",
        "import code_review.application.ports",
        INWARDS,
    ),
    "a module belongs to no layer": (f"{JOBS}/utils.py", "import json", INWARDS),
    "a use case knows a message": (
        f"{JOBS}/application/cancel_jobs.py",
        "import workflow_queue_contracts.events",
        EDGE,
    ),
    "a library knows a message": (
        "libs/messaging/src/crivo_messaging/relay.py",
        "import workflow_queue_contracts.events",
        EDGE,
    ),
    "a message is made of a framework": (
        "contracts/workflow-queue/src/workflow_queue_contracts/events.py",
        "import litestar",
        DATA,
    ),
    "a message is made of another publisher's": (
        "contracts/workflow-queue/src/workflow_queue_contracts/events.py",
        "import organization_contracts.events",
        DATA,
    ),
    "a service asks another in person": (
        f"{REVIEWS}/bootstrap.py",
        "import workflow_queue.domain.job",
        APART,
    ),
    "a library knows a service": (
        "libs/messaging/src/crivo_messaging/relay.py",
        "import organization.settings",
        BELOW,
    ),
    "a library knows the one above it": (
        "libs/observability/src/crivo_observability/logs.py",
        "import crivo_web.serve",
        BELOW,
    ),
    "a message knows a service": (
        "contracts/organization/src/organization_contracts/events.py",
        "import organization.settings",
        BELOW,
    ),
}


def broken_rules(tree: Path) -> set[str]:
    report = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, tree.glob("**/src")))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts: " in report.stdout, report.stdout + report.stderr
    return {
        line.removesuffix(" BROKEN")
        for line in report.stdout.splitlines()
        if line.endswith(" BROKEN")
    }


def test_the_tree_keeps_every_rule(tree: Path) -> None:
    assert broken_rules(tree) == set()


@pytest.mark.parametrize(("file", "line", "rule"), PLANTS.values(), ids=PLANTS.keys())
def test_a_planted_import_breaks_its_rule(tree: Path, file: str, line: str, rule: str) -> None:
    with (tree / file).open("a") as module:
        module.write(f"\n{line}\n")

    assert rule in broken_rules(tree)


def test_every_rule_has_been_seen_to_break() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

    assert {rule for _, _, rule in PLANTS.values()} == {
        contract["name"] for contract in configured["contracts"]
    }


def test_no_package_is_outside_the_rules() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(c for c in configured["contracts"] if c["name"] == INWARDS)
    below = next(c for c in configured["contracts"] if c["name"] == BELOW)

    assert modules("*/*/src/*", "*/src/*") == set(configured["root_packages"])
    assert modules("*/*/src/*", "*/src/*") == set(" ".join(below["layers"]).split()) - {":", "|"}
    assert modules("services/*/src/*") == set(layers["containers"])


def modules(*patterns: str) -> set[str]:
    return {
        found.parent.name for pattern in patterns for found in ROOT.glob(f"{pattern}/__init__.py")
    }
