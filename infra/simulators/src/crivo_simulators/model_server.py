"""`python -m crivo_simulators.model_server`: a language model as strict as the real ones."""

import argparse
import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from crivo_simulators.model.api import Answering, ModelApi
from crivo_simulators.model.by_hand import ByHand
from crivo_simulators.model.calls import Calls
from crivo_simulators.model.faults import fault_of
from crivo_simulators.model.scripted import Scripted, rules_of
from crivo_simulators.serving import served, until_stopped

# By-hand requests stay open until somebody answers; they do not keep the server from ending.
GRACE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A server that runs in this event loop; clients are given `url` with its /v1."""

    url: str
    api: ModelApi

    @property
    def calls(self) -> Calls:
        return self.api.calls

    def fail(self, **fault: Any) -> None:
        """As `POST /_control/faults` does."""
        self.api.faults.append(fault_of(fault))


@asynccontextmanager
async def run_model_server(
    answering: Answering, *, port: int = 0, api_key: str | None = None
) -> AsyncIterator[ModelServer]:
    """Serve until the block ends; on a free port when none is given."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        api = ModelApi(answering, api_key)
        async with served(api.app(), listening, grace_seconds=GRACE_SECONDS):
            yield ModelServer(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", api)


def scripted(rules: Path | None = None) -> Scripted:
    """By these rules; without any, by those for the sample pull request."""
    if rules:
        return Scripted(rules_of(rules))
    with as_file(files("crivo_simulators") / "samples" / "model_rules.toml") as own:
        return Scripted(rules_of(own))


async def _serve(answering: Answering, port: int, api_key: str | None) -> None:
    async with run_model_server(answering, port=port, api_key=api_key) as server:
        print(f"model at {server.url}", flush=True)  # noqa: T201
        await until_stopped()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m crivo_simulators.model_server", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--mode", choices=("scripted", "by-hand"), required=True)
    parser.add_argument("--data-dir", type=Path, required=True, help="by-hand: requests, answers")
    parser.add_argument("--rules", type=Path, help="scripted: default, the sample's")
    parser.add_argument("--api-key", help="what requests have to carry; default: none is asked for")
    arguments = parser.parse_args()
    by_hand = arguments.mode == "by-hand"
    answering = ByHand(arguments.data_dir) if by_hand else scripted(arguments.rules)
    asyncio.run(_serve(answering, arguments.port, arguments.api_key))


if __name__ == "__main__":
    main()
