"""`python -m code_review api|worker|relay|all|migrate`."""

import argparse
from functools import partial

from crivo_messaging.dead_letter_service import watch_open
from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_tasks.schedule import every
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve

from code_review import relay
from code_review.settings import NAME, Settings

PROCESSES = ("api", "worker", "relay", "all")
ADOPT_SECONDS = 60.0


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m code_review", description=__doc__)
    arguments.add_argument("process", choices=[*PROCESSES, "migrate"])
    process = arguments.parse_args().process
    settings = Settings()
    configure_logs(NAME, settings.log_level)
    configure_traces(NAME)
    run(_migrate(settings) if process == "migrate" else _serve(process, settings))


async def _migrate(settings: Settings) -> None:
    from code_review.bootstrap import open_service

    async with open_service(settings, with_model=False) as service:
        await service.migrate()


async def _serve(process: str, settings: Settings) -> None:
    serve_here = partial(serve, host=settings.host, port=settings.port)
    if process == "relay":
        async with relay.open_database(settings) as database:
            app = operations_app(relay.checks(database))
            await serve_here(app, tasks=[relay.relay(relay.outbox_of(database), settings)])
        return
    # What only the others need is a tenth of what a relay holds.
    from code_review.bootstrap import open_service

    async with open_service(settings, with_model=process in ("worker", "all")) as service:
        tasks = [relay.relay(service.outbox, settings)] if process == "all" else []
        if process in ("worker", "all"):
            tasks += [
                service.work,
                watch_open(service.dead_letter_repository),
                every(
                    ADOPT_SECONDS, service.dead_letter_repository.adopt, name="dead_letters.adopt"
                ),
            ]
        app = operations_app(service.checks) if process == "worker" else service.api()
        await serve_here(app, tasks=tasks)
