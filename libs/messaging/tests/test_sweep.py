"""Messages and inbox entries are deleted after their retention time."""

from uuid import UUID

from crivo_messaging.postgres import append, first_time
from crivo_messaging.postgres_outbox import sweep
from messaging_support.messages import counted
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def test_what_was_published_or_handled_long_ago_is_forgotten(
    engine: AsyncEngine, database_url: str
) -> None:
    ages = {1: "25 hours", 2: "23 hours"}
    envelopes = [counted(number) for number in (1, 2, 3)]
    handled = {UUID(int=1): "15 days", UUID(int=2): "13 days"}
    async with engine.begin() as connection:
        await append(connection, envelopes)
        for number, age in ages.items():
            await connection.execute(
                text(
                    "UPDATE outbox SET published_at = now() - CAST(:age AS interval) WHERE id = :id"
                ),
                {"age": age, "id": envelopes[number - 1].id},
            )
        for message_id, age in handled.items():
            await first_time(connection, consumer="test", message_id=message_id)
            await connection.execute(
                text(
                    "UPDATE inbox SET handled_at = now() - CAST(:age AS interval)"
                    " WHERE message_id = :id"
                ),
                {"age": age, "id": message_id},
            )

    await sweep(database_url)

    async with engine.connect() as connection:
        kept = (await connection.execute(text("SELECT id FROM outbox ORDER BY position"))).scalars()
        assert list(kept) == [envelope.id for envelope in envelopes[1:]]
        known = (await connection.execute(text("SELECT message_id FROM inbox"))).scalars()
        assert list(known) == [UUID(int=2)]
