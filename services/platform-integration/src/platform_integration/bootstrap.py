"""The composition root: the one place that knows every class."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import httpx
from crivo_messaging.dead_letter_service import (
    DeadLetterService,
    open_dead_letter_service,
    watch_open,
)
from crivo_messaging.postgres_dead_letters import PostgresDeadLetters
from crivo_messaging.publisher import Publisher
from crivo_observability.http import ASGIApp
from crivo_postgres.engine import open_engine
from crivo_postgres.notifier import open_notifier
from crivo_postgres.pool import open_pool
from crivo_tasks.schedule import Task, every
from crivo_tasks.unavailable import is_unavailable
from crivo_web.operations import Checks
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from platform_integration.application.app import App
from platform_integration.application.connect_integration import ConnectIntegrationHandler
from platform_integration.application.connect_repository import ConnectRepositoryHandler
from platform_integration.application.publish_review import PublishReviewHandler
from platform_integration.application.read_change_set import ReadChangeSetHandler
from platform_integration.application.receive_webhook import ReceiveWebhookHandler
from platform_integration.application.report_checks import BATCH as CHECKS_AT_ONCE
from platform_integration.application.report_checks import ReportChecksHandler
from platform_integration.application.resolve_command import ResolveCommandHandler
from platform_integration.application.say_check import SayCheckHandler
from platform_integration.infrastructure import postgres
from platform_integration.infrastructure.addresses import OutboundPolicy
from platform_integration.infrastructure.connected import CachedConnectedHosts
from platform_integration.infrastructure.deliveries import POOL_SIZE, PostgresDeliveries
from platform_integration.infrastructure.github import TIMEOUT, GitHub
from platform_integration.infrastructure.github_payload import read_notice
from platform_integration.infrastructure.sealing import Sealer
from platform_integration.infrastructure.tables import messaging
from platform_integration.infrastructure.views import PostgresViews
from platform_integration.presentation.queues import TOPOLOGY
from platform_integration.settings import NAME, Settings, master_keys

VERSION = "0.1.0"
CHECKS_SECONDS = 0.2


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The application with what its processes run and check."""

    app: App
    engine: AsyncEngine
    dead_letter_repository: PostgresDeadLetters
    dead_letters: DeadLetterService

    @property
    def checks(self) -> Checks:
        return {"database": self._database_answers}

    async def _database_answers(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    sealer = Sealer(master_keys(settings.secrets_keys))
    policy = OutboundPolicy(allow_private=settings.allow_private_hosts)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings.database_url))
        notifier = await stack.enter_async_context(open_notifier(settings.direct_url))
        pool = await stack.enter_async_context(open_pool(settings.database_url, size=POOL_SIZE))
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=TIMEOUT))
        deliveries = PostgresDeliveries(pool, notifier)
        begin = partial(postgres.begin, engine, sealer, notifier)
        open_host = partial(GitHub, http, policy, utc_now)
        app = App(
            receive_webhook=ReceiveWebhookHandler(
                hosts=CachedConnectedHosts(engine, sealer),
                deliveries=deliveries,
                read_notice=read_notice,
                now=utc_now,
            ),
            connect_integration=ConnectIntegrationHandler(
                begin=begin, allow_address=policy, now=utc_now, new_id=uuid7
            ),
            connect_repository=ConnectRepositoryHandler(
                begin=begin, open_host=open_host, now=utc_now, new_id=uuid7
            ),
            read_change_set=ReadChangeSetHandler(begin=begin, open_host=open_host),
            publish_review=PublishReviewHandler(begin=begin, open_host=open_host, now=utc_now),
            resolve_command=ResolveCommandHandler(begin=begin, open_host=open_host, now=utc_now),
            say_check=SayCheckHandler(begin=begin),
            report_checks=ReportChecksHandler(begin=begin, open_host=open_host, now=utc_now),
            views=PostgresViews(engine),
        )
        dead_letter_repository = PostgresDeadLetters(engine, messaging.dead_letters)
        dead_letters = await stack.enter_async_context(
            open_dead_letter_service(
                dead_letter_repository, url=settings.rabbitmq_url, topology=TOPOLOGY
            )
        )
        yield Service(
            app=app,
            engine=engine,
            dead_letter_repository=dead_letter_repository,
            dead_letters=dead_letters,
        )


def api(service: Service, settings: Settings) -> ASGIApp:
    # Litestar is many megabytes that a worker does not need.
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
        ready=service.checks,
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
        is_unavailable=is_unavailable,
        dependencies={
            "app": service.app,
            "dead_letters": service.dead_letters,
            "webhooks": webhooks,
        },
    )


def worker_tasks(service: Service, settings: Settings) -> list[Task]:
    """What a worker does, all of it."""

    async def report_checks() -> bool:
        # A batch that was not full was all there was: to ask again at once costs as much as it did.
        return await service.app.report_checks() == CHECKS_AT_ONCE

    return [
        worker(service, settings),
        watch_open(service.dead_letter_repository),
        every(CHECKS_SECONDS, report_checks, name="checks.report"),
    ]


def worker(service: Service, settings: Settings) -> Task:
    """Consumes the service's queues and its dead letters."""
    # FastStream is many megabytes that an api does not need.
    from crivo_messaging.consumer import (
        FailurePolicy,
        consume_dead_letters,
        create_broker,
        run_consumers,
    )

    from platform_integration.presentation.consumers import consumers

    policy = FailurePolicy(NAME, conflicts=())
    broker = create_broker(settings.rabbitmq_url, policy=policy, prefetch=settings.prefetch)
    publisher = Publisher(settings.rabbitmq_url, TOPOLOGY)
    broker.include_router(consumers(service.app, publisher))
    consume_dead_letters(broker, TOPOLOGY, service.dead_letter_repository)

    async def work(stop: asyncio.Event) -> None:
        try:
            await run_consumers(broker, policy, TOPOLOGY, stop, url=settings.rabbitmq_url)
        finally:
            await publisher.close()

    return work
