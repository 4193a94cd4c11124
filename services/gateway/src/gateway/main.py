"""`python -m gateway api`."""

import argparse

from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.serve import run, serve

from gateway.bootstrap import NAME, open_gateway
from gateway.settings import Settings


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    arguments.add_argument("process", choices=["api"])
    arguments.parse_args()
    settings = Settings()
    configure_logs(NAME, settings.log_level)
    configure_traces(NAME)
    run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with open_gateway(settings) as app:
        await serve(app, host=settings.host, port=settings.port)
