"""What the relay runs, apart from `bootstrap`: it talks to libpq and needs no more than that."""

from functools import partial

from crivo_messaging.postgres_outbox import SWEEP_SECONDS, PostgresOutbox, sweep
from crivo_messaging.publisher import Publisher
from crivo_messaging.relay import Relay
from crivo_postgres.connection import database_answers
from crivo_tasks.schedule import Task, every
from crivo_web.operations import Checks

from platform_integration.infrastructure.purge import purge
from platform_integration.presentation.queues import TOPOLOGY
from platform_integration.settings import Settings

PURGE_SECONDS = 3600.0


def relay(settings: Settings) -> Task:
    """Publishes the outbox."""
    publisher = Publisher(settings.rabbitmq_url, TOPOLOGY)
    return Relay(PostgresOutbox(settings.direct_url), publisher).run


def tasks(settings: Settings) -> list[Task]:
    url = settings.direct_url
    return [
        relay(settings),
        every(SWEEP_SECONDS, partial(sweep, url), name="outbox.sweep"),
        every(PURGE_SECONDS, partial(purge, url), name="deliveries.purge"),
    ]


def checks(settings: Settings) -> Checks:
    return {"database": partial(database_answers, settings.direct_url)}
