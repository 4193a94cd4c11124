"""Private RabbitMQ nodes for tests that break them."""

import secrets
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from crivo_local import servers
from crivo_local.part import START_SECONDS, DidNotStart, Part, free_port
from crivo_local.rabbitmq_files import RabbitFiles

PEERS_SECONDS = 60
_PORTS = ("rabbitmq", "rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_distribution")


class Failed(Exception):
    """rabbitmqctl refused; the message is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One broker of a cluster."""

    name: str
    part: Part
    url: str
    management: str
    ctl: Path

    def serves(self) -> bool:
        """Whether it has booted to the end; it listens long before."""
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.management}/api/overview").is_success
        return False

    def start(self) -> None:
        """Return once it serves; raise DidNotStart with its log when it does not."""
        self.part.start()
        self.await_service()

    def await_service(self) -> None:
        self.part.wait()
        deadline = time.monotonic() + START_SECONDS
        while not self.serves():
            if time.monotonic() > deadline or self.part.process() is None:
                raise DidNotStart(f"{self.name}:\n{self.part.log_tail()}")
            time.sleep(0.1)

    def create_vhost(self, name: str) -> str:
        """Make a virtual host, and give its AMQP URL."""
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        with httpx.Client(base_url=self.management, timeout=30) as api:
            api.put(f"/api/vhosts/{name}").raise_for_status()
            api.put(f"/api/permissions/{name}/guest", json=rights).raise_for_status()
        return f"{self.url}{name}"

    def await_peers(self, count: int) -> None:
        """Return once it sees that many nodes running, itself included."""
        deadline = time.monotonic() + PEERS_SECONDS
        while True:
            nodes = httpx.get(f"{self.management}/api/nodes").raise_for_status().json()
            if sum(node["running"] for node in nodes) == count:
                return
            if time.monotonic() > deadline:
                raise DidNotStart(f"{self.name} sees no {count} nodes:\n{self.part.log_tail()}")
            time.sleep(0.2)

    def rabbitmqctl(self, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.ctl), *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.part.environment,
        )
        if done.returncode:
            raise Failed(done.stdout + done.stderr)


class Cluster:
    """`size` nodes on loopback that run inside the block, and share nothing with the stack."""

    def __init__(self, root: Path, files: RabbitFiles, size: int) -> None:
        taken: set[int] = set()
        epmd = free_port(taken)
        ports = [{"epmd": epmd, **{p: free_port(taken) for p in _PORTS}} for _ in range(size)]
        # The first node boots alone, and every other one joins it.
        seed = (
            "cluster_formation.peer_discovery_backend = classic_config\n"
            f"cluster_formation.classic_config.nodes.1 = {servers.rabbitmq_node(ports[0])}\n"
        )
        cookie = secrets.token_hex(16)
        self.nodes: list[Node] = []
        for number, each in enumerate(ports, 1):
            folder = root / f"node-{number}"
            epmd_part, part = servers.rabbitmq(folder, files, each, seed)
            if number == 1:
                self._epmd = epmd_part
            _write_cookie(Path(part.environment["HOME"]), cookie)
            self.nodes.append(
                Node(
                    name=servers.rabbitmq_node(each),
                    part=part,
                    url=f"amqp://guest:guest@127.0.0.1:{each['rabbitmq']}/",
                    management=f"http://guest:guest@127.0.0.1:{each['rabbitmq_management']}",
                    ctl=files.server.with_name("rabbitmqctl"),
                )
            )

    def start(self) -> None:
        """Return once every node serves; raise DidNotStart with the log of one that does not."""
        self._epmd.start()
        self._epmd.wait()
        first, *others = self.nodes
        for together in ([first], others):
            for node in together:
                node.part.start()
            for node in together:
                node.await_service()
        # A queue lives on the nodes that are there when it is declared.
        for node in self.nodes:
            node.await_peers(len(self.nodes))

    def stop(self) -> None:
        """Kill all: what a test leaves in a broker is of no use to anybody."""
        for node in self.nodes:
            node.part.kill()
        self._epmd.stop()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _write_cookie(home: Path, cookie: str) -> None:
    """The secret by which nodes know each other; Erlang refuses one that others can read."""
    file = home / ".erlang.cookie"
    file.touch(mode=0o600)
    file.write_text(cookie)
