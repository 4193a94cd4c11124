"""`python -m crivo_simulators.github`: a code host on this machine, as strict as the real one."""

import argparse
import asyncio
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn

from crivo_simulators.api import create_app
from crivo_simulators.catalogue import Catalogue
from crivo_simulators.faults import Fault, Misbehaving
from crivo_simulators.host import CodeHost
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


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to whoever runs this."""
        yield


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
            config = uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                timeout_keep_alive=75,
            )
            server = _Server(config)
            serving = asyncio.ensure_future(server.serve(sockets=[listening]))
            try:
                yield GitHubSimulator(url, token, host, app)
            finally:
                server.should_exit = True
                await serving


async def _serve(port: int, folder: Path, token: str) -> None:
    async with run_github(folder, port=port, token=token) as simulator:
        print(f"code host at {simulator.url}", flush=True)  # noqa: T201
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m crivo_simulators.github", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--data-dir", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--token", required=True, help="what API calls have to carry")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.data_dir, arguments.token))


if __name__ == "__main__":
    main()
