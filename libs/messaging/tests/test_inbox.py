"""A message is handled once by each consumer, and only once that is committed."""

from uuid import uuid4

from crivo_messaging.postgres import first_time
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
