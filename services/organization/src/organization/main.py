"""`python -m organization api|relay|all|migrate`."""

import argparse
from functools import partial

from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve

from organization import relay
from organization.settings import NAME, Settings

PROCESSES = ("api", "relay", "all")


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m organization", description=__doc__)
    arguments.add_argument("process", choices=[*PROCESSES, "migrate"])
    process = arguments.parse_args().process
    settings = Settings()
    configure_logs(NAME, settings.log_level)
    if process == "migrate":
        # Alembic is a third of a second and many megabytes that no other process needs.
        from organization.infrastructure.migrate import migrate

        migrate(settings.direct_url)
        return
    configure_traces(NAME)
    run(_serve(process, settings))


async def _serve(process: str, settings: Settings) -> None:
    serve_here = partial(serve, host=settings.host, port=settings.port)
    if process == "relay":
        app = operations_app(relay.checks(settings))
        await serve_here(app, tasks=relay.tasks(settings))
        return
    # SQLAlchemy and Litestar are many megabytes that a relay does not need.
    from organization.bootstrap import open_service

    async with open_service(settings) as service:
        await serve_here(service.api(), tasks=relay.tasks(settings) if process == "all" else [])
