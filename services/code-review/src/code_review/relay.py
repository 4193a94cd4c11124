"""What the relay runs, apart from `bootstrap`: it talks to MongoDB and needs no more than that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crivo_messaging.mongo import Document, MongoOutbox
from crivo_messaging.publisher import Publisher
from crivo_messaging.relay import Relay
from crivo_tasks.schedule import Task
from crivo_web.operations import Checks
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from code_review.presentation.topology import TOPOLOGY
from code_review.settings import Settings

AWAY_MILLISECONDS = 5000


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[AsyncDatabase[Document]]:
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        settings.mongodb_url.get_secret_value(),
        serverSelectionTimeoutMS=AWAY_MILLISECONDS,
        tz_aware=True,
    )
    async with client:
        yield client[settings.mongodb_database]


def outbox_of(database: AsyncDatabase[Document]) -> MongoOutbox:
    return MongoOutbox(database["reviews"], database["leases"])


def relay(outbox: MongoOutbox, settings: Settings) -> Task:
    """Publishes the outbox."""
    publisher = Publisher(settings.rabbitmq_url.get_secret_value(), TOPOLOGY)
    return Relay(outbox, publisher).run


def checks(database: AsyncDatabase[Document]) -> Checks:
    async def answers() -> None:
        await database.command("ping")

    return {"database": answers}
