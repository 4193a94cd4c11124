"""One of several processes leads; the others wait for its connection to end."""

import asyncio

import psycopg

from crivo_postgres.connection import connect


class Leadership:
    """A session advisory lock on a direct connection: it ends with the process that holds it.

    The connection also listens on `channel`.
    """

    def __init__(self, url: str, *, lock: int, channel: str | None = None) -> None:
        self._url = url
        self._lock = lock
        self._channel = channel
        self._connection: psycopg.AsyncConnection[dict[str, object]] | None = None
        self._held = False

    async def held(self) -> bool:
        """Try to become, or make sure to still be, the leader."""
        try:
            if self._connection is None or self._connection.closed:
                self._held = False
                self._connection = await connect(self._url)
                if self._channel:
                    await self._connection.execute(f"LISTEN {self._channel}".encode())
            wanted = (
                "SELECT true AS held" if self._held else "SELECT pg_try_advisory_lock(%s) AS held"
            )
            parameters = [] if self._held else [self._lock]
            row = await (await self._connection.execute(wanted, parameters)).fetchone()
            self._held = bool(row and row["held"])
        except psycopg.OperationalError:
            await self.close()
        return self._held

    async def notified(self, seconds: float) -> None:
        """Return when a notification arrives, or after the time."""
        if self._connection is None:
            await asyncio.sleep(seconds)
            return
        try:
            async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.OperationalError:
            await self.close()

    async def close(self) -> None:
        connection, self._connection, self._held = self._connection, None, False
        if connection is not None:
            await connection.close()
