"""`python -m organization api|relay|all|migrate`."""

import argparse

from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve

from organization.bootstrap import NAME, open_service
from organization.settings import Settings

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
    async with open_service(settings) as service:
        ready = {"database": service.database_answers}
        app = service.api() if process in ("api", "all") else operations_app(ready)
        tasks = [service.relay()] if process in ("relay", "all") else []
        await serve(app, host=settings.host, port=settings.port, tasks=tasks)
