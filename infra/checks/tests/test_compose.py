"""No Docker runs here, so what Compose would find out at a start is found out by reading."""

import re
import runpy
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from organization.infrastructure.tokens import SigningKey
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"
SERVICES = ("gateway", "organization", "platform-integration", "workflow-queue", "code-review")
MIGRATED = SERVICES[1:]
PROCESSES = (*SERVICES, *(f"{service}-migrate" for service in MIGRATED))
STOCK = {
    "postgres:17",
    "rabbitmq:4-management",
    "mongo:8",
    "redis:7",
    "nginx:1.29",
    "otel/opentelemetry-collector:0.130.0",
    "jaegertracing/jaeger:2.8.0",
    "prom/prometheus:v3.5.0",
    "grafana/grafana:12.1.0",
}
# Read by the OpenTelemetry libraries, so no Settings has it.
FOREIGN = {"OTEL_EXPORTER_OTLP_ENDPOINT"}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<kind>:\?|:-|:\+)(?P<rest>[^}]*)\}")


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return loaded


def secrets() -> dict[str, str]:
    made: dict[str, str] = runpy.run_path(str(ROOT / "infra/compose/make_env.py"))["variables"]()
    return made


def service_of(process: str) -> str:
    return process.removesuffix("-migrate")


def settings_of(service: str) -> type[BaseSettings]:
    found: type[BaseSettings] = import_module(f"{service.replace('-', '_')}.settings").Settings
    return found


def known_variables(service: str) -> dict[str, str]:
    """Variable to field."""
    prefix = settings_of(service).model_config.get("env_prefix", "")
    return {f"{prefix}{name}".upper(): name for name in settings_of(service).model_fields}


def image_environment(service: str) -> dict[str, str]:
    lines = dockerfile(service).replace("\\\n", " ")
    of_us = re.compile(rf"\b({service.replace('-', '_').upper()}_\w+)=(\S+)")
    return dict(of_us.findall(lines))


def environment(process: str, given: dict[str, str]) -> dict[str, str]:
    """What the process finds in its environment, interpolated as Compose does."""

    def value(found: re.Match[str]) -> str:
        if found["kind"] == ":?":
            return given[found["name"]]
        if found["kind"] == ":+":
            return found["rest"] if given.get(found["name"]) else ""
        return given.get(found["name"]) or found["rest"]

    written = compose()["services"][process]["environment"]
    interpolated = {name: VARIABLE.sub(value, str(text)) for name, text in written.items()}
    return image_environment(service_of(process)) | interpolated


def dockerfile(service: str) -> str:
    return (ROOT / "services" / service / "Dockerfile").read_text()


def project(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return read


def own_packages(service: str) -> set[str]:
    """The folders of everything of ours that the service is made of, itself included."""
    folders = [path.parent for path in ROOT.glob("*/*/pyproject.toml")]
    by_name = {project(folder)["name"]: folder for folder in folders}
    found: set[str] = set()
    waiting = [service]
    while waiting:
        name = waiting.pop()
        needs = [re.split(r"[^\w-]", each)[0] for each in project(by_name[name])["dependencies"]]
        folder = by_name[name].relative_to(ROOT).as_posix()
        if folder not in found:
            found.add(folder)
            waiting += [each for each in needs if each in by_name]
    return found


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_is_given_settings_it_starts_with(process: str) -> None:
    service = service_of(process)
    known = known_variables(service)
    values = environment(process, secrets())

    empty_is_unset = settings_of(service).model_config.get("env_ignore_empty")
    settings = settings_of(service).model_validate(
        {
            known[name]: value
            for name, value in values.items()
            if name in known and (value or not empty_is_unset)
        }
    )

    # Else nobody outside of the container reaches it, and the health check asks at this port.
    assert (settings.host, settings.port) == ("0.0.0.0", 8080)  # type: ignore[attr-defined]  # noqa: S104


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_is_given_no_variable_that_it_does_not_know(process: str) -> None:
    known = known_variables(service_of(process)).keys() | FOREIGN

    assert environment(process, secrets()).keys() - known == set()


def test_a_model_is_asked_through_the_one_way_out() -> None:
    model = {"MODEL_URL": "https://models.example/v1", "MODEL_NAME": "m", "MODEL_API_KEY": "k"}

    given = environment("code-review", secrets() | model)

    assert given["CODE_REVIEW_MODEL_URL"] == "http://model-egress:8080"
    assert (given["CODE_REVIEW_MODEL_NAME"], given["CODE_REVIEW_MODEL_API_KEY"]) == ("m", "k")
    assert compose()["services"]["model-egress"]["networks"] == ["inside", "outside"]


def test_the_signing_key_that_is_made_signs() -> None:
    SigningKey(environment("organization", secrets())["ORGANIZATION_SIGNING_KEY"], "crivo")


def test_every_variable_without_a_default_is_made_and_no_other() -> None:
    text = FILE.read_text()
    # What begins with $$ is for a shell inside of a container.
    used = VARIABLE.findall(text)

    assert len(used) == len(re.findall(r"(?<!\$)\$(?!\$)", text))
    assert {name for name, kind, _ in used if kind == ":?"} == secrets().keys()


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_every_package_of_ours_that_the_service_needs_and_no_other(
    service: str,
) -> None:
    copied = re.findall(r"((?:contracts|libs|services)/[\w-]+)/src\b", dockerfile(service))

    assert sorted(copied) == sorted(own_packages(service))


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_made_of_pinned_wheels_and_does_not_run_as_root(service: str) -> None:
    text = dockerfile(service)

    assert f"COPY services/{service}/requirements.lock /tmp/\n" in text
    assert "--only-binary :all: --require-hashes -r /tmp/requirements.lock\n" in text
    assert "\nUSER 10001:10001\n" in text
    assert f'\nENTRYPOINT ["python", "-m", "{service.replace("-", "_")}"]\n' in text


def test_images_are_ours_or_stock() -> None:
    for name, service in compose()["services"].items():
        if name in PROCESSES:
            assert service["build"]["dockerfile"] == f"services/{service_of(name)}/Dockerfile"
        else:
            assert service["image"] in STOCK, name


def test_only_the_gateway_can_be_reached_from_other_machines() -> None:
    published = {
        name: service["ports"]
        for name, service in compose()["services"].items()
        if any(not port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    }

    assert published == {"gateway": ["${CRIVO_PORT:-8000}:8080"]}


def test_nothing_but_the_gateway_and_what_calls_code_hosts_has_a_way_out() -> None:
    parts = compose()
    outside = {
        name
        for name, service in parts["services"].items()
        if "profiles" not in service and service["networks"] != ["inside"]
    }

    assert parts["networks"]["inside"] == {"internal": True}
    assert outside == {"gateway", "platform-integration"}


@pytest.mark.parametrize("service", MIGRATED)
def test_a_service_starts_after_its_migration(service: str) -> None:
    services = compose()["services"]
    migration = services[f"{service}-migrate"]

    assert migration["command"] == ["migrate"]
    assert migration["environment"] == services[service]["environment"]
    assert services[service]["depends_on"][f"{service}-migrate"] == {
        "condition": "service_completed_successfully"
    }


def test_every_file_that_is_mounted_exists() -> None:
    mounted = [
        volume.split(":")[0]
        for service in compose()["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith("./")
    ]

    assert len(mounted) == 7
    assert [path for path in mounted if not (ROOT / path).is_file()] == []


def test_every_service_is_scraped() -> None:
    text = (ROOT / "infra/prometheus/prometheus.yml").read_text()
    targets = yaml.safe_load(text)["scrape_configs"][0]["static_configs"][0]["targets"]

    assert targets == [f"{service}:8080" for service in SERVICES]
