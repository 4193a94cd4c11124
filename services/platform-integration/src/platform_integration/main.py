"""`python -m platform_integration api|worker|relay|all|migrate`."""

import argparse
from functools import partial

from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve

from platform_integration import relay
from platform_integration.settings import NAME, Settings

ROLES = ("api", "worker", "relay", "all")


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m platform_integration", description=__doc__)
    arguments.add_argument("process", choices=[*ROLES, "migrate"])
    process = arguments.parse_args().process
    settings = Settings()
    configure_logs(NAME, settings.log_level)
    if process == "migrate":
        # Alembic is a third of a second and many megabytes that no other process needs.
        from platform_integration.infrastructure.migrate import migrate

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
    # SQLAlchemy and httpx are many megabytes that a relay does not need.
    from platform_integration.bootstrap import api, open_service, worker_tasks

    async with open_service(settings) as service:
        tasks = relay.tasks(settings) if process == "all" else []
        if process in ("worker", "all"):
            tasks += worker_tasks(service, settings)
        app = operations_app(service.checks) if process == "worker" else api(service, settings)
        await serve_here(app, tasks=tasks)
