"""A message is handled once by each consumer, and only once that is committed."""

import asyncio
import random
from uuid import uuid4

from crivo_messaging.postgres import first_time
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import declare_at
from messaging_support.ledger import Ledger, keeping
from messaging_support.messages import TOPOLOGY, counted
from sqlalchemy.ext.asyncio import AsyncEngine


async def test_a_message_is_handled_once_by_each_consumer(engine: AsyncEngine) -> None:
    message_id = uuid4()
    async with engine.begin() as connection:
        assert await first_time(connection, consumer="a", message_id=message_id)
        assert not await first_time(connection, consumer="a", message_id=message_id)
        assert await first_time(connection, consumer="b", message_id=message_id)


async def test_a_claim_that_was_rolled_back_was_never_made(engine: AsyncEngine) -> None:
    message_id = uuid4()
    async with engine.connect() as connection:
        assert await first_time(connection, consumer="a", message_id=message_id)
        await connection.rollback()
    async with engine.begin() as connection:
        assert await first_time(connection, consumer="a", message_id=message_id)


async def test_doubled_and_shuffled_deliveries_take_effect_once_each(
    engine: AsyncEngine, vhost_url: str
) -> None:
    """The inbox knows messages by their id, so neither copies nor their order matter to it."""
    await declare_at(vhost_url, TOPOLOGY)
    ledger, publisher = Ledger(engine), Publisher(vhost_url, TOPOLOGY)
    await ledger.create()
    deliveries = [counted(number) for number in range(20)] * 3
    random.Random(20).shuffle(deliveries)
    async with asyncio.timeout(60), keeping(ledger, vhost_url, prefetch=10):
        for envelope in deliveries:
            await publisher.publish(envelope)
        await ledger.until_delivered(60)
    await publisher.close()
    assert sorted(await ledger.numbers()) == list(range(20))
