"""A relay as a process of its own; for tests to kill."""

import asyncio
import sys

from crivo_messaging.postgres_outbox import PostgresOutbox
from crivo_messaging.publisher import Publisher
from crivo_messaging.relay import Relay
from messaging_support.messages import TOPOLOGY


async def main(database_url: str, rabbitmq_url: str) -> None:
    relay = Relay(PostgresOutbox(database_url), Publisher(rabbitmq_url, TOPOLOGY))
    await relay.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
