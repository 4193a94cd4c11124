"""Crivo's own processes: what each is started with."""

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, Self, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crivo_local.databases import Database
from crivo_local.part import DidNotStart, Part, free_port

Layout: TypeAlias = Literal["all", "split"]

# The processes of each service that are of use when they are split.
PROCESSES = {
    "organization": ("api", "relay"),
    "platform-integration": ("api", "worker", "relay"),
    "workflow-queue": ("api", "worker", "relay"),
    "code-review": ("api", "worker", "relay"),
    "gateway": ("api", "worker"),
}
MIGRATED = ("organization", "platform-integration", "workflow-queue", "code-review")
MIGRATE_SECONDS = 120
MODEL_SETTINGS = "CODE_REVIEW_MODEL_"
# Of the local model server, which has nothing to protect; a real one has a real key.
MODEL_NAME, MODEL_KEY = "scripted", "local"
ON_POSTGRES = ("organization", "platform-integration", "workflow-queue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Every secret of one platform, made once."""

    internal_token_key: str
    secrets_keys: str
    signing_key: str
    bootstrap_token: str
    database_password: str

    @classmethod
    def make(cls) -> Self:
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return cls(
            internal_token_key=secrets.token_urlsafe(48),
            secrets_keys=base64.b64encode(secrets.token_bytes(32)).decode(),
            signing_key=pem.decode(),
            bootstrap_token=secrets.token_urlsafe(24),
            database_password=secrets.token_urlsafe(24),
        )

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> Self:
        return cls(**{field.name: stored[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Where the platform's stores and its broker are; `prefix` keeps two platforms apart."""

    postgres: str
    rabbitmq: str
    mongodb: str
    redis: str
    prefix: str

    def database(self, service: str, keys: Keys) -> Database:
        name = f"{self.prefix}{service.replace('-', '_')}"
        return Database(name=name, password=keys.database_password)


def process_names(layout: Layout) -> list[str]:
    """In the order they start: the gateway last, so that its peers answer when it does."""
    if layout == "all":
        return list(PROCESSES)
    return [
        _api(service, layout) if process == "api" else f"{service}-{process}"
        for service, processes in PROCESSES.items()
        for process in processes
    ]


def service_of(process_name: str) -> str:
    return next(service for service in PROCESSES if process_name.startswith(service))


def choose_ports() -> dict[str, int]:
    """One for each process of either layout, and the simulators'."""
    taken: set[int] = set()
    simulators = ("code-host", "model-server")
    names = dict.fromkeys([*process_names("all"), *process_names("split"), *simulators])
    return {name: free_port(taken) for name in names}


def parts(
    layout: Layout,
    root: Path,
    *,
    ports: Mapping[str, int],
    keys: Keys,
    servers: Servers,
    pythons: Mapping[str, Path],
) -> dict[str, Part]:
    """The processes by name; `pythons` are those of services that are not to run with ours."""
    made = {}
    for name in process_names(layout):
        service = service_of(name)
        process = name.removeprefix(service).removeprefix("-") or _unnamed(layout)
        environment = environment_of(service, layout, ports=ports, keys=keys, servers=servers)
        environment |= {f"{_variable(service)}_PORT": str(ports[name])}
        command = _command(pythons.get(service), [service, process])
        made[name] = _part(name, root, command, environment, ports[name])
    return made


def environment_of(
    service: str, layout: Layout, *, ports: Mapping[str, int], keys: Keys, servers: Servers
) -> dict[str, str]:
    """The service's configuration, as its README lists it."""
    own: dict[str, str] = {
        "HOST": "127.0.0.1",
        "INTERNAL_TOKEN_KEY": keys.internal_token_key,
        "RABBITMQ_URL": servers.rabbitmq,
    }
    if service in ON_POSTGRES:
        own["DATABASE_URL"] = servers.database(service, keys).url(servers.postgres)
    urls = {each: f"http://127.0.0.1:{ports[_api(each, layout)]}" for each in MIGRATED}
    match service:
        case "organization":
            own |= {"SIGNING_KEY": keys.signing_key, "BOOTSTRAP_TOKEN": keys.bootstrap_token}
        case "platform-integration":
            # The local code host is in a private network.
            own |= {"SECRETS_KEYS": keys.secrets_keys, "ALLOW_PRIVATE_HOSTS": "true"}
        case "code-review":
            own |= {
                "MONGODB_URL": servers.mongodb,
                "MONGODB_DATABASE": f"{servers.prefix}code_review",
                "PLATFORM_INTEGRATION_URL": urls["platform-integration"],
            }
        case "gateway":
            own |= {f"{_variable(each)}_URL": url for each, url in urls.items()}
            own["REDIS_URL"] = servers.redis
    named = {f"{_variable(service)}_{key}": value for key, value in own.items()}
    # A key of a model is for those alone who ask it.
    model = model_settings() if service == "code-review" else {}
    # As in the images: docstrings are megabytes that no process reads.
    return {**_inherited(), "PYTHONOPTIMIZE": "2", **model, **named}


def migrate(service: str, environment: Mapping[str, str], python: Path | None) -> None:
    """Bring a service's store to its newest schema."""
    done = subprocess.run(
        _command(python, [service, "migrate"]),
        env=environment,
        capture_output=True,
        text=True,
        timeout=MIGRATE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise DidNotStart(f"migrating {service}:\n{done.stdout}{done.stderr}")


def code_host(root: Path, port: int, token: str) -> Part:
    """The local code host, as strict as the real one."""
    # With an equals sign: a random token may begin with a dash.
    command = ["crivo_simulators.github", "--port", str(port), f"--token={token}"]
    command += ["--data-dir", str(root / "code-host")]
    return _part("code-host", root, _command(None, command), _inherited(), port)


def model_server(root: Path, port: int) -> Part:
    """A language model on this machine, which answers by rules."""
    command = ["crivo_simulators.model_server", "--mode", "scripted", "--port", str(port)]
    command += ["--api-key", MODEL_KEY, "--data-dir", str(root / "model-server")]
    return _part("model-server", root, _command(None, command), _inherited(), port)


def _part(
    name: str, root: Path, command: list[str], environment: Mapping[str, str], port: int
) -> Part:
    return Part(name=name, root=root, command=command, environment=dict(environment), port=port)


def _command(python: Path | None, module: list[str]) -> list[str]:
    return [str(python or sys.executable), "-m", module[0].replace("-", "_"), *module[1:]]


def _api(service: str, layout: Layout) -> str:
    """The public door has one name and one port in either layout."""
    return service if layout == "all" or service == "gateway" else f"{service}-api"


def _unnamed(layout: Layout) -> str:
    """What a process runs that is called like its service."""
    return "all" if layout == "all" else "api"


def _variable(service: str) -> str:
    return service.upper().replace("-", "_")


def _inherited() -> dict[str, str]:
    """The variables that a process inherits from the launcher's environment."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
    return {
        name: value
        for name, value in os.environ.items()
        if name in kept or name.startswith(("OTEL_", "COVERAGE_"))
    }


def model_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """How to reach a language model, as the user who starts the platform says it."""
    return {name: value for name, value in environment.items() if name.startswith(MODEL_SETTINGS)}
