"""No request that a service's OpenAPI document allows makes it fail."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from crivo_web.identity import Identity, Role, issue, utc_now
from e2e_support.world import World

EXAMPLES = 15


@pytest.mark.parametrize(
    ("service", "role"),
    [
        ("organization", "owner"),
        ("platform-integration", "owner"),
        ("platform-integration", "service"),
        ("workflow-queue", "owner"),
        ("code-review", "owner"),
    ],
)
def test_no_generated_request_is_a_server_error(
    world: World, service: str, role: Role, tmp_path: Path
) -> None:
    identity = Identity(
        subject=str(uuid4()), organization_id=uuid4(), role=role, issuer="schemathesis"
    )
    key = world.platform.keys.internal_token_key
    token = issue(identity, key, now=utc_now(), life=timedelta(minutes=10))
    port = world.platform.parts[f"{service}-api"].port
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run",
        f"http://127.0.0.1:{port}/schema/openapi.json",
        "--header", f"Authorization: Bearer {token}",
        "--checks", "not_a_server_error",
        "--phases", "examples,coverage,fuzzing",
        "--max-examples", str(EXAMPLES),
        "--seed", "1",
        "--no-color",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
