"""The composition root: the one place that knows every class."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from crivo_messaging.dead_letter_service import DeadLetterService, open_dead_letter_service
from crivo_messaging.mongo import Document, MongoOutbox
from crivo_messaging.mongo_dead_letters import MongoDeadLetters
from crivo_messaging.publisher import Publisher
from crivo_observability.http import ASGIApp
from crivo_tasks.unavailable import is_unavailable
from crivo_web.identity import utc_now
from crivo_web.operations import Checks
from pymongo.asynchronous.database import AsyncDatabase

from code_review.application.analyze_pull_request import AnalyzePullRequestHandler
from code_review.application.app import App
from code_review.application.model_reviewer import Instructions, ModelReviewer, ReadingLimits
from code_review.application.ports import Analyzer, ConcurrentUpdate
from code_review.application.stop_review import StopReviewHandler
from code_review.domain.selection import Budget
from code_review.infrastructure.analyzers.ast_grep import AstGrepAnalyzer
from code_review.infrastructure.analyzers.functions import AstGrepFunctions
from code_review.infrastructure.analyzers.ruff import RuffAnalyzer
from code_review.infrastructure.change_sets import TIMEOUT, HttpChangeSets
from code_review.infrastructure.mongo import MongoReviews, MongoStops, create_indexes
from code_review.infrastructure.mongo_views import MongoViews
from code_review.infrastructure.review_prompt import load_review_prompt
from code_review.presentation.topology import TOPOLOGY
from code_review.relay import checks, open_database, outbox_of
from code_review.settings import NAME, Settings

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The application with what its processes run and check."""

    settings: Settings
    database: AsyncDatabase[Document]
    outbox: MongoOutbox
    app: App
    dead_letter_repository: MongoDeadLetters
    dead_letters: DeadLetterService

    @property
    def checks(self) -> Checks:
        return checks(self.database)

    def api(self) -> ASGIApp:
        # Litestar is many megabytes that a worker does not need.
        from crivo_dead_letters.http import STATUS_OF as DEAD_LETTER_STATUS_OF
        from crivo_dead_letters.http import DeadLetterController
        from crivo_web.application import create_service

        from code_review.presentation.http import STATUS_OF, ReviewController

        return create_service(
            name=NAME,
            version=VERSION,
            token_key=self.settings.internal_token_key.get_secret_value(),
            ready=self.checks,
            controllers=[ReviewController, DeadLetterController],
            status_of=STATUS_OF | DEAD_LETTER_STATUS_OF,
            is_unavailable=is_unavailable,
            dependencies={"app": self.app, "dead_letters": self.dead_letters},
        )

    async def work(self, stop: asyncio.Event) -> None:
        """Consume every queue until told to stop."""
        # FastStream is many megabytes that an api does not need.
        from crivo_messaging.consumer import (
            FailurePolicy,
            consume_dead_letters,
            create_broker,
            run_consumers,
        )

        from code_review.presentation.consumers import consumers

        url = self.settings.rabbitmq_url.get_secret_value()
        policy = FailurePolicy(NAME, conflicts=(ConcurrentUpdate,))
        broker = create_broker(url, policy=policy, prefetch=self.settings.prefetch)
        publisher = Publisher(url, TOPOLOGY)
        broker.include_router(consumers(self.app, publisher))
        consume_dead_letters(broker, TOPOLOGY, self.dead_letter_repository)
        try:
            await run_consumers(broker, policy, TOPOLOGY, stop, url=url)
        finally:
            await publisher.close()

    async def migrate(self) -> None:
        await create_indexes(self.database)
        await self.dead_letter_repository.prepare()


@asynccontextmanager
async def open_service(
    settings: Settings, analyzers: Sequence[Analyzer] | None = None, *, with_model: bool = True
) -> AsyncIterator[Service]:
    """With the analyzers given, else with all there are; with the model where one is configured."""
    if analyzers is None:
        analyzers = (
            RuffAnalyzer(seconds=settings.analyzer_seconds),
            AstGrepAnalyzer(seconds=settings.analyzer_seconds),
        )
    async with (
        open_database(settings) as database,
        httpx.AsyncClient(timeout=TIMEOUT) as http,
        _open_model_reviewer(settings if with_model else None) as model_reviewer,
    ):
        outbox = outbox_of(database)
        stops = MongoStops(database)
        app = App(
            analyze_pull_request=AnalyzePullRequestHandler(
                reviews=MongoReviews(database, outbox),
                stops=stops,
                change_sets=HttpChangeSets(
                    http,
                    url=settings.platform_integration_url,
                    token_key=settings.internal_token_key.get_secret_value(),
                    now=utc_now,
                ),
                analyzers=analyzers,
                model_reviewer=model_reviewer,
                budget=Budget(comments=settings.max_comments),
                now=utc_now,
                clock=time.perf_counter,
            ),
            stop_review=StopReviewHandler(stops=stops, now=utc_now),
            views=MongoViews(database),
        )
        dead_letter_repository = MongoDeadLetters(database["dead_letters"])
        url = settings.rabbitmq_url.get_secret_value()
        async with open_dead_letter_service(
            dead_letter_repository, url=url, topology=TOPOLOGY
        ) as dead_letters:
            yield Service(
                settings=settings,
                database=database,
                outbox=outbox,
                app=app,
                dead_letter_repository=dead_letter_repository,
                dead_letters=dead_letters,
            )


@asynccontextmanager
async def _open_model_reviewer(settings: Settings | None) -> AsyncIterator[ModelReviewer | None]:
    if settings is None or settings.model_url is None:
        yield None
        return
    # It is many megabytes, for those who use it.
    from code_review.infrastructure.language_model import open_model
    from code_review.infrastructure.model_transport import Connection

    key = settings.model_api_key
    connection = Connection(
        url=settings.model_url,
        api_key=key.get_secret_value() if key else None,
        output=settings.model_output,
        request_seconds=settings.model_request_seconds,
        concurrency=settings.model_concurrency,
    )
    version, text = load_review_prompt()
    async with open_model(
        connection, settings.model_names, prices=settings.model_prices, now=utc_now
    ) as model:
        yield ModelReviewer(
            model=model,
            functions=AstGrepFunctions(seconds=settings.analyzer_seconds),
            instructions=Instructions(version=version, text=text),
            limits=ReadingLimits(
                input_tokens=settings.model_input_tokens,
                output_tokens=settings.model_output_tokens,
                seconds=settings.model_seconds,
            ),
            now=utc_now,
            clock=time.monotonic,
            pause=asyncio.sleep,
            new_boundary=lambda: secrets.token_hex(8),
        )
