"""The whole platform on one machine: servers, stores, and every process of Crivo."""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil

from crivo_local import databases, services
from crivo_local.part import DidNotStart, Part
from crivo_local.services import Keys, Layout, Servers
from crivo_local.stack import Stack

READY_SECONDS = 60.0
POLL_SECONDS = 0.05
SOURCES = ("contracts", "libs", "services", "infra/simulators")

Say = Callable[[str], None]


def _silent(_: str) -> None:
    pass


class Platform:
    """Starts what is not running, adopts what is, and stops exactly that.

    `checkout` is where the code is, so that processes of older code are started anew; `root` holds
    all state. `prefix` keeps databases and the virtual host of two platforms on a stack apart;
    `overrides` are variables for every process; `pythons` are those of services that run other
    code than ours, and `absent` the processes which that code does not have.
    """

    def __init__(
        self,
        stack: Stack,
        root: Path,
        *,
        checkout: Path,
        layout: Layout = "all",
        prefix: str = "",
        overrides: Mapping[str, str] | None = None,
        pythons: Mapping[str, Path] | None = None,
        absent: Collection[str] = (),
    ) -> None:
        self.stack = stack
        self.root = root.absolute()
        self.layout = layout
        self._checkout = checkout.absolute()
        self._prefix = prefix
        self._overrides = dict(overrides or {})
        self._pythons = dict(pythons or {})
        self._absent = set(absent)

    @property
    def url(self) -> str:
        """The public port."""
        return f"http://127.0.0.1:{self._state['ports']['gateway']}"

    @property
    def keys(self) -> Keys:
        return Keys.of(self._state["keys"])

    @property
    def parts(self) -> dict[str, Part]:
        """Crivo's processes by name, in the order they start."""
        made = self._parts(self.layout)
        for part in made.values():
            part.environment.update(self._overrides)
        return made

    def code_host(self, token: str) -> Part:
        return services.code_host(self.root, self._state["ports"]["code-host"], token)

    def model_server(self) -> Part:
        """The local language model, which answers by rules."""
        return services.model_server(self.root, self._state["ports"]["model-server"])

    def override(self, **variables: str) -> None:
        """More variables for every process; they take effect when the platform goes up."""
        self._overrides |= variables

    def up(self, say: Say = _silent, *, only: Collection[str] | None = None) -> None:
        """Everything, or `only` these, running and ready; raise DidNotStart with the log of why."""
        self.stack.start(say)
        with self.stack.alone():
            code = self._fingerprint()
            if self._state.get("code") != code or self._state.get("layout") != self.layout:
                if stopped := self._stop_processes():
                    say(f"stopped {len(stopped)} processes of other code or settings")
                begun = time.monotonic()
                self._create_stores()
                self._migrate(self._pythons, services.MIGRATED)
                say(f"stores are migrated ({time.monotonic() - begun:.1f} s)")
                self._keep(code=code, layout=self.layout)
            begun = time.monotonic()
            wanted = [name for name in self.parts if only is None or name in only]
            for name in [name for name in wanted if self.parts[name].start()]:
                self.wait_ready(name)
                say(f"{name} is ready ({time.monotonic() - begun:.1f} s)")

    def migrate(self, service: str) -> None:
        """Bring a service's store to the schema of our code, whatever code serves it now."""
        with self.stack.alone():
            self._migrate({}, [each for each in services.MIGRATED if each == service])

    def upgrade(self, service: str) -> None:
        """Replace the processes of a service, one by one, by such that run our code."""
        with self.stack.alone():
            self._pythons.pop(service, None)
            self._absent = {name for name in self._absent if services.service_of(name) != service}
            for name, part in self.parts.items():
                if services.service_of(name) == service:
                    part.stop()
                    part.start()
                    self.wait_ready(name)

    def down(self) -> list[str]:
        """Stop Crivo's processes, the code host and the servers; the names of what ran."""
        with self.stack.alone():
            stopped = self._stop_processes()
            simulators = (self.code_host(""), self.model_server())
            stopped += [each.name for each in simulators if each.stop()]
        return stopped + self.stack.stop()

    def stop_processes(self) -> list[str]:
        """The same, but the servers stay."""
        with self.stack.alone():
            return self._stop_processes()

    def remove_stores(self) -> None:
        """Drop the databases and the virtual host; for platforms that a test made."""
        servers, keys = self._servers, self.keys
        owned = [servers.database(each, keys) for each in services.ON_POSTGRES]
        databases.drop(self.stack.urls().postgres, owned)
        self.stack.delete_vhost(self._vhost)

    def wait_ready(self, name: str, seconds: float = READY_SECONDS) -> None:
        """Return once the process says it is ready; raise DidNotStart with the end of its log."""
        part = self.parts[name]
        deadline = time.monotonic() + seconds
        part.wait(seconds)
        while not is_ready(part):
            if part.process() is None or time.monotonic() > deadline:
                raise DidNotStart(f"{name} is not ready:\n{part.log_tail()}")
            time.sleep(POLL_SECONDS)

    def status(self) -> list[dict[str, Any]]:
        """One row per process, the servers' too; `state` is stopped, starting or ready."""
        rows = []
        simulators = {each.name: each for each in (self.code_host(""), self.model_server())}
        everything = {**self.stack.parts, **self.parts, **simulators}
        for name, part in everything.items():
            process = part.process()
            row: dict[str, Any] = {"name": name, "port": part.port, "state": "stopped"}
            if process is not None:
                with suppress(psutil.NoSuchProcess):
                    family = [process, *process.children(recursive=True)]
                    memory = sum(each.memory_info().rss for each in family)
                    ready = name not in self.parts or is_ready(part)
                    row |= {
                        "state": "ready" if ready else "starting",
                        "pid": process.pid,
                        "megabytes": memory / 1e6,
                        "seconds": time.time() - process.create_time(),
                    }
            rows.append(row)
        return rows

    @property
    def _vhost(self) -> str:
        return f"{self._prefix}crivo"

    @cached_property
    def _servers(self) -> Servers:
        urls = self.stack.urls()
        return Servers(
            postgres=urls.postgres,
            rabbitmq=databases.virtual_host_url(self.stack, self._vhost),
            mongodb=urls.mongodb,
            redis=urls.redis,
            prefix=self._prefix,
        )

    def _create_stores(self) -> None:
        databases.create_virtual_host(self.stack, self._vhost)
        owned = [self._servers.database(each, self.keys) for each in services.ON_POSTGRES]
        databases.create(self.stack.urls().postgres, owned)

    def _migrate(self, pythons: Mapping[str, Path], migrated: Iterable[str]) -> None:
        def one(service: str) -> None:
            environment = services.environment_of(
                service,
                self.layout,
                ports=self._state["ports"],
                keys=self.keys,
                servers=self._servers,
            )
            services.migrate(service, environment, pythons.get(service))

        with ThreadPoolExecutor() as pool:
            list(pool.map(one, migrated))

    def _stop_processes(self) -> list[str]:
        """The gateway first, so that no client sees an upstream missing; in either layout."""
        stopped = []
        for layout in ("split", "all"):
            made = self._parts(layout)
            stopped += [name for name in reversed(made) if made[name].stop()]
        return stopped

    def _parts(self, layout: Layout) -> dict[str, Part]:
        made = services.parts(
            layout,
            self.root,
            ports=self._state["ports"],
            keys=self.keys,
            servers=self._servers,
            pythons=self._pythons,
        )
        return {name: part for name, part in made.items() if name not in self._absent}

    def _fingerprint(self) -> str:
        """Of what the processes run: editable installs change under them, and settings do."""
        settings = {**services.model_settings(), **self._overrides}
        seen = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        for folder in SOURCES:
            for file in sorted((self._checkout / folder).rglob("src/**/*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    stat = file.stat()
                    seen.update(f"{file}:{stat.st_mtime_ns}:{stat.st_size};".encode())
        return seen.hexdigest()

    @cached_property
    def _state(self) -> dict[str, Any]:
        file = self._state_file
        if not file.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            self._write({"ports": services.choose_ports(), "keys": asdict(Keys.make())})
        state: dict[str, Any] = json.loads(file.read_text())
        # Code that is newer than the file may have processes that it does not know.
        state["ports"] = {**services.choose_ports(), **state["ports"]}
        return state

    def _keep(self, **changes: object) -> None:
        self._state.update(changes)
        self._write(self._state)

    @property
    def _state_file(self) -> Path:
        return self.root / "platform.json"

    def _write(self, state: Mapping[str, Any]) -> None:
        making = self._state_file.with_suffix(".new")
        making.touch(mode=0o600)
        making.write_text(json.dumps(state, indent=2))
        making.rename(self._state_file)


def is_ready(part: Part) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{part.port}/health/ready", timeout=5).is_success
    return False
