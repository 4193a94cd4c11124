"""Processes killed at the worst moment: after the effect and before what would have told of it."""

import asyncio

import pytest
from crivo_messaging.postgres import append
from crivo_messaging.publisher import Publisher
from crivo_messaging.topology import declare_at
from messaging_support.ledger import Ledger, keeping
from messaging_support.messages import TOPOLOGY, counted
from messaging_support.processes import killed, running
from messaging_support.proxy import proxied
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

SUBJECTS = [f"s{number}" for number in range(20)]

# The active relay's last statement is another one.
STANDBYS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND query LIKE 'SELECT pg_try_advisory_lock%'"
)


@pytest.fixture
async def ledger(engine: AsyncEngine) -> Ledger:
    ledger = Ledger(engine)
    await ledger.create()
    return ledger


async def test_a_consumer_killed_between_effect_and_acknowledgement_does_nothing_twice(
    engine: AsyncEngine, database_url: str, vhost_url: str, ledger: Ledger
) -> None:
    """The broker gives the message to the next consumer, whose inbox knows it."""
    await declare_at(vhost_url, TOPOLOGY)
    publisher = Publisher(vhost_url, TOPOLOGY)
    async with (
        asyncio.timeout(60),
        running("messaging_support.hung_consumer", database_url, vhost_url) as process,
    ):
        await publisher.publish(counted(1))
        assert process.stdout is not None
        while b"stored" not in await process.stdout.readline():
            assert process.returncode is None
        await killed(process)
        assert await ledger.numbers() == [1]

        async with keeping(ledger, vhost_url):
            await publisher.publish(counted(2))
            await ledger.until_delivered(2)
    await publisher.close()
    assert await ledger.numbers() == [1, 2]


async def test_a_standby_relay_goes_on_where_the_killed_one_stopped(
    engine: AsyncEngine, database_url: str, vhost_url: str, ledger: Ledger
) -> None:
    """What the dead one published and could not settle comes twice, and takes effect once."""
    await declare_at(vhost_url, TOPOLOGY)
    relay = ("messaging_support.lone_relay", database_url)
    async with (
        asyncio.timeout(60),
        proxied(vhost_url) as proxy,
        running(*relay, proxy.url(vhost_url)) as active,
        keeping(ledger, vhost_url),
    ):
        await _store(engine, range(1))
        await ledger.until(len(SUBJECTS))
        async with running(*relay, vhost_url):
            await _until_a_standby_waits(engine)
            proxy.mute = True
            await _store(engine, range(1, 20))
            await proxy.swallowed.acquire()
            await killed(active)
            await ledger.until(len(SUBJECTS) * 20)
    assert ledger.deliveries > len(SUBJECTS) * 20
    for subject in SUBJECTS:
        assert await ledger.numbers(subject) == list(range(20))


async def _store(engine: AsyncEngine, numbers: range) -> None:
    messages = [counted(number, subject=subject) for number in numbers for subject in SUBJECTS]
    async with engine.begin() as connection:
        await append(connection, messages)


async def _until_a_standby_waits(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        while not (await connection.execute(STANDBYS)).scalar_one():
            # A transaction would see the activity of its beginning for ever.
            await connection.rollback()
