"""What is forgotten of deliveries, by a process that has no pool."""

from crivo_postgres.connection import connect

KEEP_BODIES = "7 days"
# all organizations: bodies of all are forgotten after the same time
_PURGE = f"""
UPDATE webhook_deliveries SET body = NULL
WHERE body IS NOT NULL AND received_at < now() - interval '{KEEP_BODIES}'
""".encode()  # noqa: S608 - a constant


async def purge(url: str) -> None:
    """Forget the bodies that are too old to be replayed."""
    async with await connect(url) as connection:
        await connection.execute(_PURGE)
