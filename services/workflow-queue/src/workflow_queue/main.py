"""`python -m workflow_queue`: the service's processes, and what is done to its store by hand."""

import asyncio
import sys
from datetime import timedelta
from uuid import UUID

import structlog
from crivo_messaging.dead_letter_service import watch_open
from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.identity import utc_now
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve
from sqlalchemy.ext.asyncio import create_async_engine

from workflow_queue.bootstrap import open_service
from workflow_queue.domain.fair_share import Share
from workflow_queue.domain.pull_request import OrganizationId
from workflow_queue.infrastructure import job_metrics, job_status
from workflow_queue.infrastructure.archive import archive_batch
from workflow_queue.infrastructure.waiting_jobs import give_share
from workflow_queue.settings import MigrationSettings, Settings

NAME = "workflow-queue"
PROCESSES = ("api", "worker", "relay", "all")
REBUILDS = {"job-status": job_status.rebuild, "job-metrics": job_metrics.rebuild}
USAGE = f"""usage: python -m workflow_queue {"|".join(PROCESSES)}|migrate
       python -m workflow_queue rebuild {"|".join(REBUILDS)}
       python -m workflow_queue limit ORGANIZATION (CONCURRENCY WEIGHT|default)
       python -m workflow_queue archive --older-than DAYS"""
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
        case ["rebuild", projection] if projection in REBUILDS:
            asyncio.run(_rebuild(projection, _store().database_url.get_secret_value()))
        case ["limit", organization, "default"]:
            asyncio.run(_limit(organization, None))
        case ["limit", organization, concurrency, weight]:
            asyncio.run(_limit(organization, (concurrency, weight)))
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
            tasks += [service.work, watch_open(service.dead_letter_repository)]
        if process in ("relay", "all"):
            tasks += service.relay_tasks
        await serve(app, host=settings.host, port=settings.port, tasks=tasks)


async def _rebuild(projection: str, url: str) -> None:
    engine = create_async_engine(url)
    try:
        rows = await REBUILDS[projection](engine)
    finally:
        await engine.dispose()
    _log.info("projection.rebuilt", projection=projection, rows=rows)


async def _limit(organization: str, given: tuple[str, str] | None) -> None:
    """Take effect with the next job that is handed over."""
    try:
        organization_id = OrganizationId(UUID(organization))
        share = Share(concurrency=int(given[0]), weight=float(given[1])) if given else None
    except ValueError as problem:
        sys.exit(f"limit: {problem}\n{USAGE}")
    engine = create_async_engine(_store().database_url.get_secret_value())
    try:
        async with engine.begin() as connection:
            await give_share(connection, organization_id, share)
    finally:
        await engine.dispose()
    _log.info("limit.changed", organization_id=organization, share=str(share or "default"))


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
