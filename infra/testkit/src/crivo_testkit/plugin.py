"""Fixtures over real servers: a database, a virtual host or a key space of their own per test run.

The servers are those of the environment (`CRIVO_*_URL`), else the local stack, started when it is
not running and left running. With `CRIVO_TEST_POOLER` set, only the tests run that have a
PostgreSQL database, and they reach it through a PgBouncer in transaction mode of their own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from crivo_local.stack import Stack, StackUrls

    from crivo_testkit.pooler import Pooler

# Every run of pytest loads this file, so fixtures import what only they need: the launcher with
# its servers takes as long as the rest of a start.

ROOT = Path(os.environ.get("CRIVO_LOCAL_ROOT", ".local"))
POOLED = "CRIVO_TEST_POOLER" in os.environ

NewDatabase: TypeAlias = Callable[[str], Awaitable[str]]


def pytest_configure() -> None:
    """The default shows the variables of every frame, and takes seconds for one exception."""
    import structlog

    shown = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], shown])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A pooler changes nothing for what has no database."""
    if POOLED:
        config.hook.pytest_deselected(items=[item for item in items if not _has_database(item)])
        items[:] = [item for item in items if _has_database(item)]


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Properties have no time limits: a busy machine is no bug. Only files that need it load it."""
    if "hypothesis" in module_path.read_text():
        from hypothesis import HealthCheck, settings

        settings.register_profile(
            "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
        )
        settings.load_profile("unhurried")


def _has_database(item: pytest.Item) -> bool:
    """A suite of all stores asks for its database by the store's name, while it runs."""
    store = getattr(item, "callspec", None)
    return "new_database" in getattr(item, "fixturenames", ()) or (
        store is not None and "postgres" in store.params.values()
    )


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The local stack, running."""
    from crivo_local.stack import Stack

    running = Stack(ROOT)
    running.start()
    return running


@pytest.fixture(scope="session")
def stack_urls(stack: Stack) -> StackUrls:
    return stack.urls()


@pytest.fixture(scope="session")
def pooler(stack: Stack) -> Iterator[Pooler | None]:
    """A PgBouncer of this run, when it was asked for."""
    if not POOLED:
        yield None
        return
    from crivo_local import pgbouncer

    from crivo_testkit.pooler import Pooler

    with stack.alone():  # Several runs may want it installed at once.
        files = pgbouncer.find(stack.root / "pgbouncer-files")
    postgres = stack.urls().postgres
    with pgbouncer.pgbouncer(stack.root, files, postgres) as port:
        yield Pooler(port, postgres)


@pytest.fixture
async def new_database(stack_urls: StackUrls, pooler: Pooler | None) -> AsyncIterator[NewDatabase]:
    """Make an empty PostgreSQL database and give its SQLAlchemy URL; dropped after the test."""
    import psycopg

    made: list[str] = []
    async with await psycopg.AsyncConnection.connect(stack_urls.postgres, autocommit=True) as admin:

        async def make(label: str) -> str:
            name = f"test_{label}_{uuid4().hex[:12]}"
            await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
            made.append(name)
            url = urlsplit(stack_urls.postgres)
            direct = urlunsplit(url._replace(scheme="postgresql+psycopg", path=f"/{name}"))
            return pooler.url(direct) if pooler else direct

        yield make
        for name in made:
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def vhost_url(stack: Stack) -> Iterator[str]:
    """An AMQP URL of an empty RabbitMQ virtual host; deleted after the test."""
    name = f"test-{uuid4().hex[:12]}"
    url = stack.create_vhost(name)
    yield url
    stack.delete_vhost(name)


@pytest.fixture
def mongodb_url(stack_urls: StackUrls) -> str:
    return stack_urls.mongodb


@pytest.fixture
def mongodb_database() -> str:
    """The name of a MongoDB database of this test alone."""
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
def redis_url(stack_urls: StackUrls) -> str:
    return stack_urls.redis
