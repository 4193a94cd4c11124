"""`python -m workflow_queue api|worker|relay|all|migrate|rebuild job-status`."""

import asyncio
import sys

import structlog
from crivo_messaging.dead_letter_office import watch_open
from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve
from sqlalchemy.ext.asyncio import create_async_engine

from workflow_queue.bootstrap import open_service
from workflow_queue.infrastructure import job_status
from workflow_queue.settings import MigrationSettings, Settings

NAME = "workflow-queue"
PROCESSES = ("api", "worker", "relay", "all")
USAGE = f"usage: python -m workflow_queue {'|'.join(PROCESSES)}|migrate|rebuild job-status"
_log = structlog.get_logger()


def main(arguments: list[str]) -> None:
    match arguments:
        case [process] if process in PROCESSES:
            settings = Settings()
            configure_logs(NAME, settings.log_level)
            configure_traces(NAME)
            run(_process(process, settings))
        case ["migrate"]:
            # Alembic is a third of a second and many megabytes that no other process needs.
            from workflow_queue.infrastructure.schema import migrate

            migrate(_store().database_url.get_secret_value())
        case ["rebuild", "job-status"]:
            asyncio.run(_rebuild(_store().database_url.get_secret_value()))
        case ["-h" | "--help"]:
            sys.stdout.write(f"{USAGE}\n")
        case _:
            sys.exit(USAGE)


async def _process(process: str, settings: Settings) -> None:
    async with open_service(settings) as service:
        app = service.api() if process in ("api", "all") else operations_app(service.checks)
        tasks = []
        if process in ("worker", "all"):
            tasks += [service.work, watch_open(service.letters)]
        if process in ("relay", "all"):
            tasks += [service.relay, service.keep_time, service.dispatch]
        await serve(app, host=settings.host, port=settings.port, tasks=tasks)


async def _rebuild(url: str) -> None:
    engine = create_async_engine(url)
    try:
        jobs = await job_status.rebuild(engine)
    finally:
        await engine.dispose()
    _log.info("projection.rebuilt", projection="job-status", jobs=jobs)


def _store() -> MigrationSettings:
    settings = MigrationSettings()
    configure_logs(NAME, settings.log_level)
    return settings
