"""`python -m gateway api|worker|all`."""

import argparse

from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve

from gateway.bootstrap import NAME, open_gateway
from gateway.settings import Settings

PROCESSES = ("api", "worker", "all")


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    arguments.add_argument("process", choices=PROCESSES)
    process = arguments.parse_args().process
    settings = Settings()
    configure_logs(NAME, settings.log_level)
    configure_traces(NAME)
    run(_serve(process, settings))


async def _serve(process: str, settings: Settings) -> None:
    async with open_gateway(settings) as gateway:
        if process == "worker":
            app, tasks = operations_app({"redis": gateway.redis_answers}), []
        else:
            app, tasks = gateway.api(), [gateway.end_streams]
        if process in ("worker", "all"):
            tasks.append(gateway.work)
        await serve(app, host=settings.host, port=settings.port, tasks=tasks)
