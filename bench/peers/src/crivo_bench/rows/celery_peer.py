"""Celery on the same broker and the same database server, one worker process, always running."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from crivo_local import databases
from crivo_local.databases import Database
from crivo_local.part import Part
from crivo_local.stack import Stack

from crivo_bench import celery_app
from crivo_bench.peers import running
from crivo_bench.site import connect

# What was fastest here: a pool of processes costs more, and more threads wait for each other.
THREADS = 20
PRODUCERS = 8
POLL_SECONDS = 0.02
PATIENCE_SECONDS = 60
NAME = "celery_peer"


class Unfinished(Exception):
    """Jobs were accepted, and their results are not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CeleryPeer:
    worker: Part
    database: str
    no_op: Any

    def run_jobs(self, jobs: int) -> float:
        """Seconds from the first that was sent to the last result in the database."""
        before = self._done()
        begun = time.perf_counter()
        with ThreadPoolExecutor(PRODUCERS) as producers:
            list(producers.map(lambda _: self._send(), range(jobs)))
        deadline = begun + PATIENCE_SECONDS
        while (done := self._done() - before) < jobs:
            if time.perf_counter() > deadline:
                raise Unfinished(f"Celery: {done} of {jobs}")
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - begun

    def latencies(self, jobs: int) -> Sequence[float]:
        """Milliseconds from before each was sent until it ran, one at a time."""
        return [
            self._send().get(timeout=PATIENCE_SECONDS, interval=POLL_SECONDS) / 1e6
            for _ in range(jobs)
        ]

    def _send(self) -> Any:
        return self.no_op.delay(time.time_ns())

    def _done(self) -> int:
        with connect(self.database) as connection:
            found = connection.execute(
                "SELECT count(*) FROM celery_taskmeta WHERE status = 'SUCCESS'"
            )
            return found.fetchall()[0][0]


@contextmanager
def celery_peer(stack: Stack) -> Iterator[CeleryPeer]:
    database = Database(name=NAME, password=NAME)
    server = stack.urls().postgres
    databases.create(server, [database])
    broker = urlunsplit(urlsplit(stack.create_vhost(NAME))._replace(scheme="pyamqp"))
    environment = {"PEER_BROKER_URL": broker, "PEER_DATABASE_URL": database.url(server)}
    app = celery_app.create(broker, database.url(server))
    try:
        with running(
            "celery-peer", stack.root, "celery", "--app", "crivo_bench.celery_app", "worker",
            "--pool", "threads", "--concurrency", str(THREADS),
            "--without-gossip", "--without-mingle", "--without-heartbeat",
            environment=environment,
        ) as worker:  # fmt: skip
            peer = CeleryPeer(
                worker=worker, database=database.url(server), no_op=app.tasks[celery_app.NO_OP]
            )
            peer.latencies(1)
            yield peer
    finally:
        app.close()
        stack.delete_vhost(NAME)
        databases.drop(server, [database])
