"""`python -m workflow_queue`: the service's processes, and what is done to its store by hand."""

import asyncio
import sys
from datetime import timedelta

import structlog
from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.identity import utc_now
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve
from sqlalchemy.ext.asyncio import create_async_engine

from workflow_queue.bootstrap import open_service
from workflow_queue.infrastructure import job_status
from workflow_queue.infrastructure.archive import archive_batch
from workflow_queue.settings import MigrationSettings, Settings

NAME = "workflow-queue"
PROCESSES = ("api", "worker", "relay", "all")
USAGE = (
    f"usage: python -m workflow_queue {'|'.join(PROCESSES)}|migrate|rebuild job-status"
    "|archive --older-than DAYS"
)
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
        case ["archive", "--older-than", days] if days.isdecimal() and int(days) > 0:
            asyncio.run(_archive(_store().database_url.get_secret_value(), timedelta(int(days))))
        case ["-h" | "--help"]:
            sys.stdout.write(f"{USAGE}\n")
        case _:
            sys.exit(USAGE)


async def _process(process: str, settings: Settings) -> None:
    async with open_service(settings) as service:
        app = service.api() if process in ("api", "all") else operations_app(service.checks)
        tasks = []
        if process in ("worker", "all"):
            tasks.append(service.work)
        if process in ("relay", "all"):
            tasks += [service.relay, service.keep_time, service.dispatch, service.archive]
        await serve(app, host=settings.host, port=settings.port, tasks=tasks)


async def _rebuild(url: str) -> None:
    engine = create_async_engine(url)
    try:
        jobs = await job_status.rebuild(engine)
    finally:
        await engine.dispose()
    _log.info("projection.rebuilt", projection="job-status", jobs=jobs)


async def _archive(url: str, age: timedelta) -> None:
    engine = create_async_engine(url)
    before, moved = utc_now() - age, 0
    try:
        while batch := await archive_batch(engine, before=before):
            moved += batch
    finally:
        await engine.dispose()
        _log.info("events.archived", before=before.isoformat(), events=moved)


def _store() -> MigrationSettings:
    settings = MigrationSettings()
    configure_logs(NAME, settings.log_level)
    return settings
