"""What the relay runs, apart from `bootstrap`: it talks to libpq and needs no more than that."""

from functools import partial

from crivo_messaging.postgres_outbox import SWEEP_SECONDS, PostgresOutbox, sweep
from crivo_messaging.publisher import Publisher
from crivo_messaging.relay import Relay
from crivo_postgres.connection import database_answers
from crivo_tasks.schedule import Task, every
from crivo_web.operations import Checks

from organization.presentation.topology import TOPOLOGY
from organization.settings import Settings


def relay(settings: Settings) -> Task:
    """Publishes the outbox."""
    publisher = Publisher(settings.rabbitmq_url.get_secret_value(), TOPOLOGY)
    return Relay(PostgresOutbox(settings.direct_url), publisher).run


def tasks(settings: Settings) -> list[Task]:
    forget = partial(sweep, settings.direct_url)
    return [relay(settings), every(SWEEP_SECONDS, forget, name="outbox.sweep")]


def checks(settings: Settings) -> Checks:
    return {"database": partial(database_answers, settings.direct_url)}
