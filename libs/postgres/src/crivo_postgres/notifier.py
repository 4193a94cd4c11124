"""NOTIFY after a commit: never inside a business transaction, where it would serialise commits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from crivo_tasks.waiting import cancel_and_wait

from crivo_postgres.connection import connect

_log = structlog.get_logger()


class Notifier:
    """Sends NOTIFY after a commit, so that listeners wake at once; calls close together are merged.

    A notification is lost when its connection breaks: the listener's polling is the guarantee.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._requested = asyncio.Event()
        self._channels: set[str] = set()

    def notify(self, channel: str) -> None:
        self._channels.add(channel)
        self._requested.set()

    async def _run(self) -> None:
        connection: psycopg.AsyncConnection[dict[str, Any]] | None = None
        try:
            while True:
                await self._requested.wait()
                self._requested.clear()
                channels, self._channels = self._channels, set()
                try:
                    if connection is None:
                        connection = await connect(self._url)
                    for channel in channels:
                        await connection.execute("SELECT pg_notify(%s, '')", [channel])
                except psycopg.OperationalError as problem:
                    _log.info("postgres.notify_failed", reason=str(problem))
                    connection = None
        finally:
            if connection is not None:
                await connection.close()


@asynccontextmanager
async def open_notifier(url: str) -> AsyncIterator[Notifier]:
    """A notifier that sends as long as the block lasts."""
    notifier = Notifier(url)
    running = asyncio.create_task(notifier._run())
    try:
        yield notifier
    finally:
        await cancel_and_wait(running)
    if not running.cancelled():
        running.result()
