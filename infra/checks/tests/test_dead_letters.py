"""A service that consumes has a place where what died in it is kept, seen and replayed."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from crivo_messaging.topology import Topology
from gateway.application.routes import route_of
from workflow_queue.presentation.topology import KEPT_FOR_OTHERS

ROOT = Path(__file__).parents[3]
DECLARED = re.compile(r"^TOPOLOGY = Topology\(", re.MULTILINE)


def sources(service: str) -> list[Path]:
    return sorted((ROOT / "services" / service / "src").rglob("*.py"))


def topologies() -> dict[str, Topology]:
    """Of each service that says what it publishes and consumes."""
    found = {}
    for folder in sorted((ROOT / "services").iterdir()):
        for file in sources(folder.name):
            if DECLARED.search(file.read_text()):
                module = ".".join(file.relative_to(folder / "src").with_suffix("").parts)
                found[folder.name] = import_module(module).TOPOLOGY
    return found


TOPOLOGIES = topologies()
CONSUMERS = {service for service, topology in TOPOLOGIES.items() if topology.queues}
STORELESS = "gateway"


def test_all_services_with_messages_were_found() -> None:
    assert set(TOPOLOGIES) == {
        "code-review",
        "gateway",
        "organization",
        "platform-integration",
        "workflow-queue",
    }


@pytest.mark.parametrize("service", sorted(CONSUMERS - {STORELESS}))
def test_the_dead_letters_of_a_consumer_are_kept_and_reached_through_the_gateway(
    service: str,
) -> None:
    code = "\n".join(file.read_text() for file in sources(service))
    path = f"/v1/dead-letters/{service}"
    route = route_of(path)

    assert route is not None
    assert (route.service, route.rewritten(path), route.public) == (
        service,
        "/v1/dead-letters",
        False,
    )
    for needed in (
        "consume_dead_letters(",
        "watch_open(",
        "DeadLetterController",
        "open_dead_letter_service(",
    ):
        assert needed in code, needed


def test_what_dies_in_a_service_without_a_store_is_kept_and_replayed_by_another() -> None:
    dies = {queue.dead_letters for queue in TOPOLOGIES[STORELESS].queues}
    assert dies <= {queue.dead_letters for queue in TOPOLOGIES["workflow-queue"].queues}
    assert {queue.name for queue in TOPOLOGIES[STORELESS].queues} == set(KEPT_FOR_OTHERS)


@pytest.mark.parametrize("service", sorted(TOPOLOGIES.keys() - CONSUMERS))
def test_a_service_that_keeps_no_dead_letters_has_none_to_show(service: str) -> None:
    assert route_of(f"/v1/dead-letters/{service}") is None
