"""`python -m crivo_simulators.github`: a code host on this machine, as strict as the real one."""

import argparse
import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from crivo_simulators.api import create_app
from crivo_simulators.catalogue import Catalogue
from crivo_simulators.faults import Fault, Misbehaving
from crivo_simulators.host import CodeHost
from crivo_simulators.serving import served, until_stopped
from crivo_simulators.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class GitHubSimulator:
    """A host that runs in this event loop."""

    url: str
    token: str
    host: CodeHost
    layer: Misbehaving

    def fail(self, fault: Fault) -> None:
        self.layer.faults.append(fault)


@asynccontextmanager
async def run_github(
    folder: Path, *, port: int = 0, token: str | None = None
) -> AsyncIterator[GitHubSimulator]:
    """Serve until the block ends; on a free port when none is given."""
    token = token or secrets.token_urlsafe(24)
    with socket.create_server(("127.0.0.1", port)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient() as http:
            catalogue = Catalogue(folder)
            host = CodeHost(catalogue, Webhooks(catalogue, http), url)
            app = create_app(host, token)
            async with served(app, listening):
                yield GitHubSimulator(url, token, host, app)


async def _serve(port: int, folder: Path, token: str) -> None:
    async with run_github(folder, port=port, token=token) as simulator:
        print(f"code host at {simulator.url}", flush=True)  # noqa: T201
        await until_stopped()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m crivo_simulators.github", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--data-dir", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--token", required=True, help="what API calls have to carry")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.data_dir, arguments.token))


if __name__ == "__main__":
    main()
