"""Other services fetch a change set by the id that events carry."""

from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from crivo_simulators.faults import Fault
from crivo_simulators.github import GitHubSimulator, run_github
from crivo_web.identity import Role
from platform_integration.bootstrap import Service
from platform_integration.domain.change_set import ChangeSetId
from platform_integration.settings import Settings
from platform_integration_support.callers import Caller
from platform_integration_support.hosts import FILES, ORDERS, connect, propose


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[GitHubSimulator]:
    async with run_github(tmp_path / "host") as simulator:
        yield simulator


@pytest.fixture
async def change_set_id(service: Service, simulator: GitHubSimulator) -> ChangeSetId:
    proposed = await propose(simulator)
    repository = await connect(service, simulator)
    return replace(proposed, repository_id=repository.id)


@pytest.fixture
def peer(service: Service, configuration: Settings) -> Caller:
    return Caller(service, configuration, role="service", organization_id=None)


async def test_a_change_set_is_its_diff_and_its_files(
    peer: Caller, change_set_id: ChangeSetId
) -> None:
    answer = await peer.get(f"/internal/v1/change-sets/{change_set_id}")
    said = answer.json()
    assert (said["id"], said["repository_full_name"]) == (str(change_set_id), ORDERS)
    assert (said["base_sha"], said["head_sha"]) == (change_set_id.base_sha, change_set_id.head_sha)
    assert said["diff"].startswith("diff --git ")
    assert said["files"] == [asdict(file) for file in FILES]
    assert said["truncated"] is False


async def test_a_change_set_that_is_none_of_ours_is_not_found(
    peer: Caller, change_set_id: ChangeSetId
) -> None:
    for unknown in ("nonsense", replace(change_set_id, repository_id=uuid4())):
        answer = await peer.get(f"/internal/v1/change-sets/{unknown}")
        assert answer.status_code == 404, answer.text


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 404}, 422),
        ({"status": 403}, 422),
        ({"status": 403, "headers": {"retry-after": "9"}}, 429),
        ({"status": 500}, 503),
        ({"drop": True}, 503),
    ],
    ids=str,
)
async def test_what_the_code_host_says_becomes_a_status(
    peer: Caller,
    change_set_id: ChangeSetId,
    simulator: GitHubSimulator,
    fault: dict[str, Any],
    status: int,
) -> None:
    simulator.fail(Fault(path="/pulls/1$", **fault))
    answer = await peer.get(f"/internal/v1/change-sets/{change_set_id}")
    assert answer.status_code == status


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("member", 403), ("owner", 403)])
async def test_a_change_set_is_for_services_only(
    service: Service, configuration: Settings, role: Role | None, status: int
) -> None:
    answer = await Caller(service, configuration, role=role).get("/internal/v1/change-sets/x")
    assert answer.status_code == status
