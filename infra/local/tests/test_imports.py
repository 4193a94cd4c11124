"""Each process loads what it needs: a library that another one uses is megabytes for nothing."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crivo_local.part import Part
from crivo_local.services import Keys, Servers, choose_ports, parts

# Nobody listens there. A process starts all the same, and waits for them.
NOWHERE = Servers(
    postgres="postgresql://nobody@127.0.0.1:1/none",
    rabbitmq="amqp://nobody:none@127.0.0.1:1/none",
    mongodb="mongodb://127.0.0.1:1",
    redis="redis://127.0.0.1:1/0",
    prefix="",
)
RELAYS_DO_WITHOUT = {"alembic", "cryptography", "faststream", "httpx", "litestar", "sqlalchemy"}


@pytest.fixture
def all_parts(tmp_path: Path) -> Iterator[dict[str, Part]]:
    ports = choose_ports()
    made = parts("split", tmp_path, ports=ports, keys=Keys.make(), servers=NOWHERE, pythons={})
    # Who waits for a server takes its time to leave.
    hurried = {name: replace(part, stop_signal=signal.SIGKILL) for name, part in made.items()}
    yield hurried
    for part in hurried.values():
        part.stop()


def loaded(part: Part) -> set[str]:
    """The packages it has imported when it answers, as the interpreter tells them."""
    told = replace(part, environment={**part.environment, "PYTHONPROFILEIMPORTTIME": "1"})
    told.start()
    told.wait()
    lines = [line for line in told.log.read_text().splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("name", "unwanted"),
    [
        ("gateway", {"faststream", "httpx", "sqlalchemy", "psycopg"}),
        ("gateway-worker", {"httpx", "sqlalchemy", "psycopg"}),
        ("workflow-queue-api", {"alembic", "faststream", "httpx"}),
        ("workflow-queue-worker", {"alembic", "litestar", "httpx"}),
        ("workflow-queue-relay", {"alembic", "faststream", "litestar", "httpx"}),
        ("organization-api", {"alembic", "faststream"}),
        ("organization-relay", RELAYS_DO_WITHOUT),
        ("platform-integration-api", {"alembic", "faststream"}),
        ("platform-integration-worker", {"alembic", "litestar"}),
        ("platform-integration-relay", RELAYS_DO_WITHOUT),
        ("code-review-api", {"faststream", "sqlalchemy", "psycopg"}),
        ("code-review-worker", {"litestar", "sqlalchemy", "psycopg"}),
        # pymongo loads cryptography by itself, where it is installed.
        ("code-review-relay", RELAYS_DO_WITHOUT - {"cryptography"} | {"psycopg"}),
    ],
)
def test_a_process_loads_no_library_of_another(
    name: str, unwanted: set[str], all_parts: dict[str, Part]
) -> None:
    packages = loaded(all_parts[name])
    assert "uvicorn" in packages
    assert packages & unwanted == set()
