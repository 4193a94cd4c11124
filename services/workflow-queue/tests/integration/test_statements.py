"""A transaction gives its connection back as it took it, however it ends."""

import asyncio

import pytest
from crivo_postgres.pool import Pool, open_pool
from psycopg.errors import DivisionByZero
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from workflow_queue.infrastructure import postgres
from workflow_queue.infrastructure.statements import Statement, transaction
from workflow_queue_support.builders import a_ref

_KEPT: Statement = ("SELECT id, name FROM organizations", {})
_KEEP = "INSERT INTO organizations (id, name) VALUES (gen_random_uuid(), %(name)s)"


async def test_what_nobody_waits_for_goes_along_in_its_order(pool: Pool) -> None:
    async with transaction(pool) as statements:
        statements.add(_KEEP, {"name": "first"})
        names, one = await statements.ask(("SELECT name FROM organizations", {}), ("SELECT 1", {}))
        assert (names, one) == ([("first",)], [(1,)])
        statements.add("UPDATE organizations SET name = %(name)s", {"name": "second"})
    async with transaction(pool) as statements:
        (kept,) = await statements.ask(("SELECT name FROM organizations", {}))
    assert kept == [("second",)]


@pytest.mark.parametrize(
    "name", ["it's", "back\\slash\\'", "100 %(name)s;", "'; DROP TABLE organizations; --", "$$é"]
)
async def test_a_value_is_a_value_whatever_is_in_it(pool: Pool, name: str) -> None:
    async with transaction(pool) as statements:
        statements.add(_KEEP, {"name": name})
    async with transaction(pool) as statements:
        said, kept = await statements.ask(
            ("SELECT %(name)s::text", {"name": name}), ("SELECT name FROM organizations", {})
        )
    assert said == kept == [(name,)]


async def test_what_is_required_and_is_not_there_undoes_everything(pool: Pool) -> None:
    async def lose(*, by_asking: bool) -> None:
        async with transaction(pool) as statements:
            statements.add(_KEEP, {"name": "lost"})
            statements.require("SELECT 1 WHERE false", {}, otherwise=LookupError("not there"))
            if by_asking:
                await statements.ask(("SELECT 1", {}))

    for by_asking in (True, False):
        with pytest.raises(LookupError, match="not there"):
            await lose(by_asking=by_asking)
        async with transaction(pool) as statements:
            assert await statements.ask(_KEPT) == [[]]


async def test_an_error_of_the_server_undoes_everything_and_spares_the_connection(
    database_url: str,
) -> None:
    async def fail(pool: Pool) -> None:
        async with transaction(pool) as statements:
            statements.add(_KEEP, {"name": "lost"})
            statements.add("SELECT 1 / 0", {})

    async with open_pool(database_url, size=1) as only:
        for _ in range(2):
            with pytest.raises(DivisionByZero):
                await fail(only)
            async with transaction(only) as statements:
                assert await statements.ask(_KEPT) == [[]]


async def test_a_transaction_that_is_cancelled_leaves_a_connection_that_works(
    database_url: str, pool: Pool, engine: AsyncEngine
) -> None:
    async def wait_for_the_pull_request(only: Pool) -> None:
        async with postgres.begin(only, lambda _: None) as tx:
            await tx.hold(a_ref())

    waits = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event = 'advisory'"
    )
    async with (
        open_pool(database_url, size=1) as only,
        postgres.begin(pool, lambda _: None) as tx,
        asyncio.timeout(60),
    ):
        await tx.hold(a_ref())
        waiting = asyncio.create_task(wait_for_the_pull_request(only))
        async with engine.connect() as connection:
            while not await connection.scalar(waits):
                await connection.rollback()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with transaction(only) as statements:
            assert await statements.ask(("SELECT 1", {})) == [[(1,)]]
