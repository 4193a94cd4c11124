"""Every process is configured completely, and with nothing that belongs to another."""

import sys
from pathlib import Path

import pytest
from crivo_local.services import (
    Keys,
    Layout,
    Servers,
    choose_ports,
    code_host,
    model_settings,
    parts,
    process_names,
)

ROOT = Path(__file__).parents[3]
SERVERS = Servers(
    postgres="postgresql://postgres:p%40ss@127.0.0.1:5432/postgres",
    rabbitmq="amqp://guest:guest@127.0.0.1:5672/crivo",
    mongodb="mongodb://127.0.0.1:27017",
    redis="redis://127.0.0.1:6379/0",
    prefix="test_",
)


@pytest.mark.parametrize("layout", ["all", "split"])
def test_each_process_has_a_port_of_its_own_below_the_ephemeral_ones(layout: Layout) -> None:
    ports = choose_ports()
    chosen = [ports[name] for name in process_names(layout)]
    assert len(set(chosen)) == len(chosen)
    assert max(chosen) < 32768


def test_a_service_gets_its_own_variables_and_its_own_database(tmp_path: Path) -> None:
    keys = Keys.make()
    made = parts("split", tmp_path, ports=choose_ports(), keys=keys, servers=SERVERS, pythons={})
    relay = made["workflow-queue-relay"]
    assert relay.command[-2:] == ["workflow_queue", "relay"]
    ours = {name for name in relay.environment if "_" in name and name.isupper()}
    foreign = ("GATEWAY_", "CODE_REVIEW_", "ORGANIZATION_", "PLATFORM_INTEGRATION_")
    assert not [name for name in ours if name.startswith(foreign)]
    url = relay.environment["WORKFLOW_QUEUE_DATABASE_URL"]
    assert url.startswith("postgresql+psycopg://test_workflow_queue:")
    assert url.endswith("@127.0.0.1:5432/test_workflow_queue")


@pytest.mark.parametrize(
    "service", ["gateway", "organization", "platform-integration", "workflow-queue", "code-review"]
)
def test_a_process_runs_with_the_optimization_of_its_image(service: str, tmp_path: Path) -> None:
    made = parts(
        "all", tmp_path, ports=choose_ports(), keys=Keys.make(), servers=SERVERS, pythons={}
    )
    build, run = (ROOT / "services" / service / "Dockerfile").read_text().split("FROM ")[1:]
    chosen = f"PYTHONOPTIMIZE={made[service].environment['PYTHONOPTIMIZE']}"
    # When it is built too: what is compiled for another level is compiled again at every start.
    assert chosen in build.split()
    assert chosen in run.split()


def test_secrets_are_different_on_every_machine_and_survive_being_stored() -> None:
    first, second = Keys.make(), Keys.make()
    for name in ("internal_token_key", "secrets_keys", "signing_key", "bootstrap_token"):
        assert getattr(first, name) != getattr(second, name)


def test_the_gateway_knows_its_peers_by_the_ports_they_listen_on(tmp_path: Path) -> None:
    ports = choose_ports()
    made = parts("all", tmp_path, ports=ports, keys=Keys.make(), servers=SERVERS, pythons={})
    peer = made["gateway"].environment["GATEWAY_WORKFLOW_QUEUE_URL"]
    assert peer == f"http://127.0.0.1:{ports['workflow-queue']}"


def test_a_service_of_another_release_runs_with_the_python_of_that(tmp_path: Path) -> None:
    pythons = {"code-review": Path("/releases/code-review/bin/python")}
    made = parts(
        "split",
        tmp_path,
        ports=choose_ports(),
        keys=Keys.make(),
        servers=SERVERS,
        pythons=pythons,
    )
    other = {name for name, part in made.items() if part.command[0] != sys.executable}
    assert other == {"code-review-api", "code-review-worker", "code-review-relay"}
    assert made["code-review-relay"].command[0] == "/releases/code-review/bin/python"


@pytest.mark.parametrize(("layout", "processes"), [("all", ["all"]), ("split", ["api", "worker"])])
def test_the_public_door_has_one_name_in_either_layout(
    layout: Layout, processes: list[str], tmp_path: Path
) -> None:
    made = parts(
        layout, tmp_path, ports=choose_ports(), keys=Keys.make(), servers=SERVERS, pythons={}
    )
    gateways = [part for name, part in made.items() if name.startswith("gateway")]
    assert [part.command[-1] for part in gateways] == processes
    assert made["gateway"] is gateways[0]
    for part in gateways:
        assert part.environment["GATEWAY_RABBITMQ_URL"] == SERVERS.rabbitmq


def test_only_the_models_variables_are_handed_on() -> None:
    environment = {"CODE_REVIEW_MODEL_URL": "http://model", "CODE_REVIEW_PORT": "1", "HOME": "/"}
    assert model_settings(environment) == {"CODE_REVIEW_MODEL_URL": "http://model"}


def test_a_token_that_begins_with_a_dash_is_no_option(tmp_path: Path) -> None:
    assert "--token=-x" in code_host(tmp_path, 20_000, "-x").command
