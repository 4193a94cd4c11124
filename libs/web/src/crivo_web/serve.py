"""Runs a process: one HTTP server and the background tasks beside it, until it is told to stop."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import structlog
import uvicorn
import uvloop
from crivo_observability.http import ASGIApp

DRAIN_SECONDS = 25
KEEP_ALIVE_SECONDS = 75
TICK_SECONDS = 1.0

Task: TypeAlias = Callable[[asyncio.Event], Awaitable[None]]
_log = structlog.get_logger()


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process's main coroutine on uvloop; an error ends it with status 1."""
    uvloop.run(main)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopped = asyncio.Event()

    async def main_loop(self) -> None:
        """Keep the date of answers; uvicorn's own loop wakes an idle process ten times a second."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), TICK_SECONDS)

    def end(self) -> None:
        self.should_exit = True
        self._stopped.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to us: uvicorn's handlers would keep them from the tasks."""
        yield


async def serve(app: ASGIApp, *, host: str, port: int, tasks: Sequence[Task] = ()) -> None:
    """Serve until SIGTERM or SIGINT: tasks finish or give back, then open requests, then close.

    A task that dies takes the process down: a worker that serves health checks and works no more
    would be worse than one that is started again. Its error is raised from here.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        # Longer than the gateway keeps a connection, so that it is the one to close it.
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        server_header=False,
    )
    server = _Server(config)
    try:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve())
            working = [group.create_task(_run(task, stop)) for task in tasks]
            # What was imported stays: looking through it again for garbage takes a tenth of a
            # second, in which no request is answered.
            gc.collect()
            gc.freeze()
            _log.info("process.started", port=port)
            stopped = asyncio.ensure_future(stop.wait())
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            stopped.cancel()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.gather(*working), DRAIN_SECONDS)
            server.end()
    finally:
        _log.info("process.stopped")


async def _run(task: Task, stop: asyncio.Event) -> None:
    await task(stop)
    if not stop.is_set():
        raise RuntimeError(f"{task} ended before the process was stopped")
