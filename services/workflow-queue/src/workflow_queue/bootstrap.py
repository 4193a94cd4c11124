"""The one place that knows every class."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import crivo_web.operations as operations
from crivo_messaging.dead_letter_service import DeadLetterService, open_dead_letter_service
from crivo_messaging.heartbeat import QueueInspector
from crivo_messaging.postgres_dead_letters import PostgresDeadLetters
from crivo_messaging.postgres_outbox import SWEEP_SECONDS, PostgresOutbox, sweep
from crivo_messaging.publisher import Publisher
from crivo_messaging.relay import Relay
from crivo_observability.http import ASGIApp
from crivo_postgres.engine import open_engine
from crivo_postgres.leadership import Leadership
from crivo_postgres.notifier import open_notifier
from crivo_postgres.pool import Pool, open_pool
from crivo_tasks.schedule import Task, every
from crivo_tasks.unavailable import is_unavailable
from crivo_web.identity import utc_now
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from workflow_queue.application.app import App
from workflow_queue.application.cancel_jobs import CancelJobsHandler
from workflow_queue.application.command_review import CommandReviewHandler
from workflow_queue.application.dispatch_due import DispatchDueHandler
from workflow_queue.application.dispatch_next import DispatchNextHandler
from workflow_queue.application.dispatch_waiting import DispatchWaitingHandler
from workflow_queue.application.enqueue_code_review_job import EnqueueCodeReviewJobHandler
from workflow_queue.application.name_organization import NameOrganizationHandler
from workflow_queue.application.ports import Begin, ConcurrentUpdate
from workflow_queue.application.process_workflow_job import ProcessWorkflowJobHandler
from workflow_queue.application.renew_lease import ProlongLeasesHandler, RenewLeaseHandler
from workflow_queue.application.retry_job import RetryJobHandler
from workflow_queue.application.start_at_once import StartAtOnce
from workflow_queue.application.update_job_status import UpdateJobStatusHandler
from workflow_queue.domain.orchestrator import WorkflowOrchestrator
from workflow_queue.infrastructure import postgres
from workflow_queue.infrastructure.archive import archive_batch
from workflow_queue.infrastructure.leases import PostgresLeases
from workflow_queue.infrastructure.postgres_cadences import PostgresCadences
from workflow_queue.infrastructure.postgres_views import PostgresJobViews
from workflow_queue.infrastructure.tables import messaging
from workflow_queue.presentation.dispatcher import run_dispatcher
from workflow_queue.presentation.timer import run_timer
from workflow_queue.presentation.topology import KEPT_FOR_OTHERS, LEASES, TOPOLOGY
from workflow_queue.settings import Settings

VERSION = "0.1.0"
DAY_SECONDS = 86_400.0
# Advisory locks of the database; the others are in migrations/env.py and crivo_messaging.
TIMER_LOCK = 0x0C21_0002
DISPATCHER_LOCK = 0x0C21_0004


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The use cases and the resources its processes are made of."""

    settings: Settings
    engine: AsyncEngine
    app: App
    dead_letter_repository: PostgresDeadLetters
    dead_letters: DeadLetterService

    @property
    def checks(self) -> operations.Checks:
        return {"database": self._database_answers}

    def api(self) -> ASGIApp:
        # Litestar is many megabytes that workers and relays do not need.
        from crivo_dead_letters.http import STATUS_OF as DEAD_LETTER_STATUS_OF
        from crivo_dead_letters.http import DeadLetterController
        from crivo_web.application import create_service

        from workflow_queue.presentation.cadences import CadenceController
        from workflow_queue.presentation.http import STATUS_OF, JobController, show_metrics

        return create_service(
            name="workflow-queue",
            version=VERSION,
            token_key=self.settings.internal_token_key.get_secret_value(),
            ready=self.checks,
            controllers=[JobController, CadenceController, show_metrics, DeadLetterController],
            status_of=STATUS_OF | DEAD_LETTER_STATUS_OF,
            is_unavailable=is_unavailable,
            dependencies={"app": self.app, "dead_letters": self.dead_letters},
        )

    async def work(self, stop: asyncio.Event) -> None:
        """Consume every queue until told to stop."""
        # FastStream is many megabytes that apis and relays do not need.
        from crivo_messaging.consumer import (
            FailurePolicy,
            consume_dead_letters,
            create_broker,
            run_consumers,
        )

        from workflow_queue.presentation.consumers import consumers
        from workflow_queue.presentation.heartbeat import heartbeats

        url = self.settings.rabbitmq_url.get_secret_value()
        policy = FailurePolicy("workflow-queue", conflicts=(ConcurrentUpdate,))
        broker = create_broker(url, policy=policy, prefetch=self.settings.prefetch)
        broker.include_router(consumers(self.app))
        broker.include_router(heartbeats(self.app))
        consume_dead_letters(broker, TOPOLOGY, self.dead_letter_repository)
        await run_consumers(broker, policy, TOPOLOGY, stop, url=url)

    @property
    def relay_tasks(self) -> list[Task]:
        forget = partial(sweep, self.settings.direct_url)
        swept = every(SWEEP_SECONDS, forget, name="outbox.sweep")
        return [self.relay, self.keep_time, self.dispatch, self.archive, swept]

    async def relay(self, stop: asyncio.Event) -> None:
        """Publish the outbox until told to stop."""
        publisher = Publisher(self.settings.rabbitmq_url.get_secret_value(), TOPOLOGY)
        await Relay(PostgresOutbox(self.settings.direct_url), publisher).run(stop)

    async def keep_time(self, stop: asyncio.Event) -> None:
        """Move the jobs that are due until told to stop."""
        leadership = Leadership(self.settings.direct_url, lock=TIMER_LOCK)
        inspector = QueueInspector(self.settings.rabbitmq_url.get_secret_value(), LEASES)
        try:
            await run_timer(self.app, leadership.held, inspector.has_consumers, stop)
        finally:
            await leadership.close()
            await inspector.close()

    async def dispatch(self, stop: asyncio.Event) -> None:
        """Start waiting jobs until told to stop."""
        leadership = Leadership(
            self.settings.direct_url, lock=DISPATCHER_LOCK, channel=postgres.DISPATCHER
        )
        try:
            await run_dispatcher(self.app, leadership.held, leadership.notified, stop)
        finally:
            await leadership.close()

    async def archive(self, stop: asyncio.Event) -> None:
        """Move the events of jobs that ended long ago, once a day, until told to stop."""
        age = timedelta(days=self.settings.archive_after_days)

        async def batch() -> int:
            return await archive_batch(self.engine, before=self.app.now() - age) if age else 0

        await every(DAY_SECONDS, batch, name="events.archive")(stop)

    async def _database_answers(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))


def _app(
    settings: Settings,
    begin: Begin,
    *,
    engine: AsyncEngine,
    readers: AsyncEngine,
    pool: Pool,
) -> App:
    policy = settings.policy
    orchestrator = WorkflowOrchestrator(cadence=settings.cadence)
    jitter = random.SystemRandom().random
    at_primary, views = PostgresJobViews(engine), PostgresJobViews(readers)
    leases = PostgresLeases(pool)
    start_at_once = StartAtOnce(limits=settings.limits, policy=policy, now=utc_now)
    return App(
        enqueue_code_review_job=EnqueueCodeReviewJobHandler(
            begin=begin,
            orchestrator=orchestrator,
            now=utc_now,
            new_id=uuid7,
            start_at_once=start_at_once,
        ),
        command_review=CommandReviewHandler(
            begin=begin,
            orchestrator=orchestrator,
            now=utc_now,
            new_id=uuid7,
            start_at_once=start_at_once,
        ),
        process_workflow_job=ProcessWorkflowJobHandler(begin=begin, policy=policy, now=utc_now),
        update_job_status=UpdateJobStatusHandler(
            begin=begin, policy=policy, now=utc_now, jitter=jitter
        ),
        retry_job=RetryJobHandler(begin=begin, orchestrator=orchestrator, now=utc_now),
        cancel_jobs=CancelJobsHandler(begin=begin, orchestrator=orchestrator, now=utc_now),
        dispatch_due=DispatchDueHandler(begin=begin, policy=policy, now=utc_now, jitter=jitter),
        dispatch_waiting=DispatchWaitingHandler(
            begin=begin, limits=settings.limits, policy=policy, now=utc_now
        ),
        dispatch_next=DispatchNextHandler(
            begin=begin,
            limits=settings.limits,
            policy=policy,
            now=utc_now,
            is_unavailable=is_unavailable,
        ),
        name_organization=NameOrganizationHandler(begin=begin),
        renew_lease=RenewLeaseHandler(leases=leases, policy=policy, now=utc_now),
        prolong_leases=ProlongLeasesHandler(leases=leases, policy=policy, now=utc_now),
        due_jobs=at_primary.due,
        job_views=views,
        job_views_at_primary=at_primary,
        job_metrics=views.metrics,
        cadences=PostgresCadences(engine),
        default_cadence=settings.cadence,
        now=utc_now,
    )


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        engine_at = partial(open_engine, size=settings.database_pool_size, overflow=0)
        engine = await stack.enter_async_context(
            engine_at(settings.database_url.get_secret_value())
        )
        readers = engine
        if (replica := settings.read_database_url) is not None:
            readers = await stack.enter_async_context(engine_at(replica.get_secret_value()))
        notifier = await stack.enter_async_context(open_notifier(settings.direct_url))
        pool = await stack.enter_async_context(
            open_pool(settings.database_url.get_secret_value(), size=settings.database_pool_size)
        )
        begin = partial(postgres.begin, pool, notifier.notify)
        app = _app(settings, begin, engine=engine, readers=readers, pool=pool)
        dead_letter_repository = PostgresDeadLetters(engine, messaging.dead_letters)
        dead_letters = await stack.enter_async_context(
            open_dead_letter_service(
                dead_letter_repository,
                url=settings.rabbitmq_url.get_secret_value(),
                topology=TOPOLOGY,
                others=KEPT_FOR_OTHERS,
            )
        )
        yield Service(
            settings=settings,
            engine=engine,
            app=app,
            dead_letter_repository=dead_letter_repository,
            dead_letters=dead_letters,
        )
