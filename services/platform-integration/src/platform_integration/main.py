"""`python -m platform_integration api|worker|relay|all|migrate`."""

import argparse

from crivo_messaging.away import is_away
from crivo_messaging.dead_letter_office import watch_open
from crivo_messaging.schedule import every
from crivo_observability.http import ASGIApp
from crivo_observability.logs import configure_logs
from crivo_observability.traces import configure_traces
from crivo_web.operations import operations_app
from crivo_web.serve import run, serve

from platform_integration.bootstrap import Service, open_service, relay, worker
from platform_integration.settings import Settings

NAME = "platform-integration"
VERSION = "0.1.0"
ROLES = ("api", "worker", "relay", "all")
CHECKS_SECONDS = 0.2
PURGE_SECONDS = 3600.0


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m platform_integration", description=__doc__)
    arguments.add_argument("process", choices=[*ROLES, "migrate"])
    process = arguments.parse_args().process
    settings = Settings()
    configure_logs(NAME, settings.log_level)
    if process == "migrate":
        # Alembic is a third of a second and many megabytes that no other process needs.
        from platform_integration.infrastructure.migrate import migrate

        migrate(settings.database_direct_url or settings.database_url)
        return
    configure_traces(NAME)
    run(_serve(process, settings))


async def _serve(process: str, settings: Settings) -> None:
    async with open_service(settings) as service:
        tasks = []
        if process in ("worker", "all"):
            tasks += [
                worker(service, settings),
                watch_open(service.letters),
                every(CHECKS_SECONDS, service.app.report_checks, name="checks.report"),
            ]
        if process in ("relay", "all"):
            tasks += [
                relay(settings),
                every(PURGE_SECONDS, service.deliveries.purge, name="deliveries.purge"),
            ]
        serves_api = process in ("api", "all")
        ready = {"database": service.database_answers}
        app = api(service, settings) if serves_api else operations_app(ready)
        await serve(app, host=settings.host, port=settings.port, tasks=tasks)


def api(service: Service, settings: Settings) -> ASGIApp:
    # Litestar is many megabytes that workers and relays do not need.
    from crivo_dead_letters.http import STATUS_OF as DEAD_LETTER_STATUS_OF
    from crivo_dead_letters.http import DeadLetterController
    from crivo_web.application import create_service

    from platform_integration.presentation.http import (
        STATUS_OF,
        IntegrationController,
        RepositoryController,
        list_deliveries,
        show_change_set,
    )
    from platform_integration.presentation.webhooks import (
        GITHUB_WEBHOOKS,
        GitHubWebhooks,
        receive_github,
    )

    webhooks = GitHubWebhooks(service.app)
    return create_service(
        name=NAME,
        version=VERSION,
        token_key=settings.internal_token_key.get_secret_value(),
        ready={"database": service.database_answers},
        controllers=[
            IntegrationController,
            RepositoryController,
            list_deliveries,
            DeadLetterController,
        ],
        internal=[show_change_set],
        public=[receive_github],
        direct={("POST", GITHUB_WEBHOOKS): webhooks},
        status_of=STATUS_OF | DEAD_LETTER_STATUS_OF,
        is_away=is_away,
        dependencies={
            "app": service.app,
            "dead_letters": service.dead_letters,
            "webhooks": webhooks,
        },
    )
