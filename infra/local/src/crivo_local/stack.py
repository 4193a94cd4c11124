"""The servers of one checkout: PostgreSQL, RabbitMQ, a MongoDB-compatible server and Redis.

Everything lives under one folder. A URL in the environment wins over the embedded server.
"""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from crivo_local import servers
from crivo_local.part import DidNotStart, Part, free_port
from crivo_local.rabbitmq_files import find

PORTS = (
    "postgres", "redis", "mongodb", "rabbitmq", "rabbitmq_management", "rabbitmq_prometheus",
    "rabbitmq_distribution", "epmd",
)  # fmt: skip
_GUEST = ("guest", "guest")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackUrls:
    """`rabbitmq` is the default virtual host, `rabbitmq_management` the HTTP API with its user."""

    postgres: str
    rabbitmq: str
    rabbitmq_management: str
    mongodb: str
    redis: str


class Stack:
    """Starts what is not running and adopts what is; `root` is its whole state."""

    def __init__(self, root: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.root = root.absolute()
        self._environment = environment

    def urls(self) -> StackUrls:
        ports, given = self._settings["ports"], self._environment.get
        password = quote(self._settings["postgres_password"])
        rabbitmq = given("CRIVO_RABBITMQ_URL")
        return StackUrls(
            postgres=given(
                "CRIVO_POSTGRES_URL",
                f"postgresql://postgres:{password}@127.0.0.1:{ports['postgres']}/postgres",
            ),
            rabbitmq=rabbitmq or f"amqp://guest:guest@127.0.0.1:{ports['rabbitmq']}/",
            rabbitmq_management=given(
                "CRIVO_RABBITMQ_MANAGEMENT_URL",
                _management_of(rabbitmq)
                if rabbitmq
                else f"http://guest:guest@127.0.0.1:{ports['rabbitmq_management']}",
            ),
            mongodb=given("CRIVO_MONGODB_URL", f"mongodb://127.0.0.1:{ports['mongodb']}"),
            redis=given("CRIVO_REDIS_URL", f"redis://127.0.0.1:{ports['redis']}/0"),
        )

    @property
    def embeds_rabbitmq(self) -> bool:
        return "CRIVO_RABBITMQ_URL" not in self._environment

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The embedded servers by name; not those the environment gives."""
        ports, given = self._settings["ports"], self._environment
        made: list[Part] = []
        if "CRIVO_POSTGRES_URL" not in given:
            password = self._settings["postgres_password"]
            made.append(servers.postgres(self.root, ports["postgres"], password))
        if self.embeds_rabbitmq:
            made += servers.rabbitmq(self.root, find(self.root / "rabbitmq-files"), ports)
        if "CRIVO_MONGODB_URL" not in given:
            made.append(servers.mongodb(self.root, ports["mongodb"]))
        if "CRIVO_REDIS_URL" not in given:
            made.append(servers.redis(self.root, ports["redis"]))
        return {part.name: part for part in made}

    def start(self, say: Say = lambda _: None) -> None:
        """Start and wait for all; raise DidNotStart, or NotInstalled where RabbitMQ is not."""
        with self.alone():
            begun = time.monotonic()
            started = [part for part in self.parts.values() if part.start()]
            for part in started:
                part.wait()
                say(f"{part.name} is up ({time.monotonic() - begun:.1f} s)")
            self._await_service(self.parts)

    def stop(self) -> list[str]:
        """Stop exactly what was started here; the names of what ran."""
        with self.alone():
            # The port mapper last: a node that stops still talks to it.
            return [name for name in reversed(self.parts) if self.parts[name].stop()]

    def restart(self, name: str) -> None:
        """Start one part again after it was stopped or killed, and wait for it."""
        with self.alone():
            self.parts[name].start()
            self.parts[name].wait()
            self._await_service([name])

    def create_vhost(self, name: str) -> str:
        """Make a virtual host, and give its AMQP URL."""
        management = self.urls().rabbitmq_management
        user = urlsplit(management).username
        with httpx.Client(base_url=management, timeout=30) as api:
            api.put(f"/api/vhosts/{name}").raise_for_status()
            rights = {"configure": ".*", "write": ".*", "read": ".*"}
            api.put(f"/api/permissions/{name}/{user}", json=rights).raise_for_status()
        return urlunsplit(urlsplit(self.urls().rabbitmq)._replace(path=f"/{name}"))

    def delete_vhost(self, name: str) -> None:
        with httpx.Client(base_url=self.urls().rabbitmq_management, timeout=30) as api:
            answer = api.delete(f"/api/vhosts/{name}")
            # As with databases: what is not there need not be removed.
            if answer.status_code != httpx.codes.NOT_FOUND:
                answer.raise_for_status()

    def _await_service(self, names: Iterable[str]) -> None:
        """A server listens before it serves: PostgreSQL recovers first, RabbitMQ boots plugins."""
        serves = {"postgres": self._postgres_serves, "rabbitmq": self._rabbitmq_serves}
        deadline = time.monotonic() + 60
        for name in serves.keys() & set(names):
            while not serves[name]():
                if time.monotonic() > deadline:
                    raise DidNotStart(f"{name}:\n{self.parts[name].log_tail()}")
                time.sleep(0.1)

    def _postgres_serves(self) -> bool:
        return servers.serves(self.urls().postgres)

    def _rabbitmq_serves(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.urls().rabbitmq_management}/api/overview").is_success
        return False

    @cached_property
    def _settings(self) -> dict:  # type: ignore[type-arg]
        """Ports and the password: chosen once, so that a restart is found where it was."""
        file = self.root / "stack.json"
        self.root.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            taken: set[int] = set()
            settings = {
                "ports": {name: free_port(taken) for name in PORTS},
                "postgres_password": secrets.token_urlsafe(24),
            }
            making = file.with_suffix(f".{os.getpid()}")
            making.touch(mode=0o600)
            making.write_text(json.dumps(settings, indent=2))
            making.rename(file)
        chosen: dict[str, object] = json.loads(file.read_text())
        return chosen

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One launcher at a time per checkout; a lock of a dead one is free."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _management_of(amqp: str) -> str:
    """Where the management API of a broker is by default."""
    url = urlsplit(amqp)
    user = f"{url.username or _GUEST[0]}:{url.password or _GUEST[1]}"
    return f"http://{user}@{url.hostname}:15672"
