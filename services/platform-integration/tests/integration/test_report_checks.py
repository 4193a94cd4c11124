"""Checks reach the code host in the end, without pressing it and without holding up each other."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from crivo_postgres.notifier import Notifier
from platform_integration.application.ports import (
    Begin,
    CheckRuns,
    HostAway,
    HostRateLimited,
    HostRefused,
)
from platform_integration.application.report_checks import MAXIMUM_REFUSALS, ReportChecksHandler
from platform_integration.application.say_check import SayCheck, SayCheckHandler
from platform_integration.domain.check_run import RETRY_LIMIT, CheckRun, CheckState
from platform_integration.domain.integration import Repository
from platform_integration.infrastructure import postgres
from platform_integration.infrastructure.sealing import Sealer
from platform_integration_support.builders import (
    HEAD,
    HOST_REPOSITORY,
    NOON,
    a_change_set,
    a_check,
    a_repository,
    an_integration,
)
from platform_integration_support.fakes import MemoryHost
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

DONE = CheckState(status="completed", conclusion="success", title="Nothing found", summary="")


class Reporting:
    """The handler at a time of its own, over one check."""

    def __init__(self, begin: Begin, repository: Repository) -> None:
        self.begin = begin
        self.host = MemoryHost(HOST_REPOSITORY, a_change_set(), {})
        self.now = NOON
        self.check = a_check(repository_id=repository.id)
        self.report = ReportChecksHandler(
            begin=begin, open_host=lambda _: self.host, now=lambda: self.now
        )

    async def put(self, check: CheckRun) -> None:
        async with self.begin() as tx:
            await tx.check_runs.put(check)

    async def stored(self) -> CheckRun:
        async with self.begin() as tx:
            found = await tx.check_runs.get(self.check.repository_id, HEAD)
        assert found is not None
        return found

    async def fails(self, problem: Exception) -> datetime | None:
        """Fail once when it is due; when it is due again."""
        self.host.failures = [problem]
        assert await self.report() == 1
        self.now = (await self.stored()).next_attempt_at or self.now
        return (await self.stored()).next_attempt_at


@pytest.fixture
async def reporting(begin: Begin) -> Reporting:
    integration = an_integration()
    repository = a_repository(integration)
    async with begin() as tx:
        await tx.connections.add_integration(integration)
        await tx.connections.add_repository(repository)
    reporting = Reporting(begin, repository)
    await reporting.put(reporting.check)
    return reporting


async def test_a_host_that_is_away_is_asked_less_and_less_often_and_for_ever(
    reporting: Reporting,
) -> None:
    waits = []
    for _ in range(12):
        before = reporting.now
        await reporting.fails(HostAway("502"))
        waits.append(reporting.now - before)
    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert waits == sorted(waits)
    assert waits[-1] == RETRY_LIMIT
    assert await reporting.report() == 1
    assert (await reporting.stored()).reported


async def test_a_rate_limit_is_kept_to(reporting: Reporting) -> None:
    until = NOON + timedelta(minutes=30)
    assert await reporting.fails(HostRateLimited(until)) == until
    reporting.now = until - timedelta(seconds=1)
    assert await reporting.report() == 0
    reporting.now = until
    assert await reporting.report() == 1


async def test_a_host_that_refuses_again_and_again_is_left_alone(reporting: Reporting) -> None:
    for _ in range(MAXIMUM_REFUSALS):
        await reporting.fails(HostRefused("403"))
        assert not (await reporting.stored()).reported
    await reporting.fails(HostRefused("403"))
    assert (await reporting.stored()).reported
    reporting.now += timedelta(days=1)
    assert await reporting.report() == 0


async def test_secrets_that_nobody_can_open_hold_up_their_own_checks_only(
    reporting: Reporting, engine: AsyncEngine, notifier: Notifier
) -> None:
    """Its master key was taken out of the configuration too early."""
    elsewhere = an_integration()
    repository = a_repository(elsewhere)
    with_former_key = partial(postgres.begin, engine, Sealer([b"0" * 32]), notifier)
    async with with_former_key() as tx:
        await tx.connections.add_integration(elsewhere)
        await tx.connections.add_repository(repository)
    await reporting.put(a_check(repository_id=repository.id))
    assert await reporting.report() == 2
    assert (await reporting.stored()).reported
    async with reporting.begin() as tx:
        held_up = await tx.check_runs.get(repository.id, HEAD)
    assert held_up is not None
    assert (held_up.reported, held_up.attempts) == (False, 1)
    assert held_up.next_attempt_at is not None
    assert held_up.next_attempt_at > NOON


async def test_two_workers_do_not_report_the_same_check(reporting: Reporting, begin: Begin) -> None:
    until = NOON + timedelta(minutes=1)

    async def due(check_runs: CheckRuns) -> int:
        return len(await check_runs.due(NOON, until, 10))

    async with begin() as one, begin() as other:
        assert (await due(one.check_runs), await due(other.check_runs)) == (1, 0)
    assert await reporting.report() == 0, "leased"
    reporting.now = until
    assert await reporting.report() == 1, "the one who had it died"


async def test_a_word_that_is_said_while_another_is_reported_is_reported_next(
    reporting: Reporting,
) -> None:
    newer = reporting.check.now_says(DONE, said_by=uuid7(), sequence=1)

    class Meanwhile(MemoryHost):
        async def report_check(self, full_name: str, check: CheckRun) -> int:
            if not self.checks:
                await reporting.put(newer)
            return await super().report_check(full_name, check)

    reporting.host = Meanwhile(HOST_REPOSITORY, a_change_set(), {})
    assert await reporting.report() == 1
    assert await reporting.report() == 1
    assert [check.state for check in reporting.host.checks.values()] == [DONE]
    assert await reporting.report() == 0


async def test_a_report_waits_for_the_word_that_is_being_said(reporting: Reporting) -> None:
    check, host_id = reporting.check, 7

    async def settle() -> bool:
        async with reporting.begin() as tx:
            return await tx.check_runs.settle(replace(check, host_id=host_id, reported=True))

    async with asyncio.timeout(60), reporting.begin() as tx:
        known = await tx.check_runs.get(check.repository_id, HEAD)
        assert known is not None
        settling = asyncio.create_task(settle())
        await asyncio.wait({settling}, timeout=0.2)
        assert not settling.done(), "or the host's id would be overwritten now"
        await tx.check_runs.put(known.now_says(DONE, said_by=uuid7(), sequence=1))
    assert not await settling
    assert not (await reporting.stored()).reported


async def test_of_two_first_words_at_once_the_newer_one_stays(
    begin: Begin, reporting: Reporting
) -> None:
    older, newer = uuid7(), uuid7()
    first = partial(replace, reporting.check, head_sha="another")
    async with asyncio.timeout(60), begin() as tx:
        assert await tx.check_runs.add(first(state=DONE, said_by=newer))
        late = SayCheck(
            organization_id=reporting.check.organization_id,
            repository_id=reporting.check.repository_id,
            head_sha="another",
            state=reporting.check.state,
            said_by=older,
            sequence=9,
        )
        saying = asyncio.create_task(SayCheckHandler(begin=begin)(late))
        await asyncio.wait({saying}, timeout=0.2)
        assert not saying.done()
    await saying
    async with begin() as tx:
        stored = await tx.check_runs.get(reporting.check.repository_id, "another")
    assert stored is not None
    assert (stored.said_by, stored.state) == (newer, DONE)
