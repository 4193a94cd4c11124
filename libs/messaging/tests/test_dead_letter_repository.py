"""What both stores of dead letters promise."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from crivo_messaging.dead_letter_service import (
    Action,
    DeadLetterChanged,
    DeadLetterFilter,
    DeadLetterNotFound,
    DeadLetterRecord,
)
from crivo_messaging.dead_letters import DeadLetter
from crivo_messaging.mongo import Document
from crivo_messaging.mongo_dead_letters import MongoDeadLetters
from crivo_messaging.postgres import messaging_tables
from crivo_messaging.postgres_dead_letters import PostgresDeadLetters
from messaging_support.dead_letters import ADMIN, OWNER, Store, a_dead_letter
from messaging_support.messages import NOON, ORGANIZATION
from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

ANY = DeadLetterFilter()
REPLAY = Action(action="replay", by="ana", at=NOON)


@pytest.fixture(params=["postgresql", "mongodb"])
async def store(
    request: pytest.FixtureRequest, engine: AsyncEngine, database: AsyncDatabase[Document]
) -> Store:
    if request.param == "postgresql":
        return PostgresDeadLetters(engine, messaging_tables(MetaData()).dead_letters)
    dead_letters = MongoDeadLetters(database.dead_letters)
    await dead_letters.prepare()
    return dead_letters


async def test_a_dead_letter_is_kept_exactly(store: Store) -> None:
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    expected = DeadLetterRecord(dead_letter=dead_letter, times=1, state="open", actions=())
    assert await store.one(ADMIN, dead_letter.id) == expected


async def test_the_newest_come_first_page_by_page(store: Store) -> None:
    dead_letters = [a_dead_letter(minute=each // 2) for each in range(6)]  # two of each minute
    for dead_letter in dead_letters:
        await store.add(dead_letter)
    criteria = sorted(dead_letters, key=lambda each: (each.dead_at, str(each.id)), reverse=True)

    seen: list[DeadLetterRecord] = []
    before = None
    while page := await store.newest(ADMIN, ANY, before=before, limit=2):
        seen += page
        before = (page[-1].dead_letter.dead_at, page[-1].dead_letter.id)

    assert [each.dead_letter for each in seen] == criteria
    oldest = await store.oldest(ADMIN, ANY, limit=4)
    assert [each.dead_letter for each in oldest] == list(reversed(criteria))[:4]


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        (DeadLetterFilter(queues=["a"]), {"a1"}),
        (DeadLetterFilter(queues=["a", "b"]), {"a1", "b2"}),
        (DeadLetterFilter(queues=[]), set()),
        (DeadLetterFilter(type="2"), {"b2"}),
        (DeadLetterFilter(state="open"), {"a1"}),
        (DeadLetterFilter(state="discarded"), {"b2"}),
        (DeadLetterFilter(state="discarded", queues=["a"]), set()),
    ],
)
async def test_filters_narrow_a_list(
    store: Store, criteria: DeadLetterFilter, found: set[str]
) -> None:
    await store.add(a_dead_letter(queue="a", type="1"))
    other = a_dead_letter(queue="b", type="2")
    await store.add(other)
    await store.mark(await store.one(ADMIN, other.id), "discarded")

    dead_letters = [
        each.dead_letter for each in await store.newest(ADMIN, criteria, before=None, limit=9)
    ]
    assert {each.queue + each.type for each in dead_letters} == found


@pytest.mark.parametrize(
    ("organization_id", "owner_sees", "admin_sees"),
    [(ORGANIZATION, True, True), (None, True, False), (uuid4(), False, False)],
    ids=["own", "none", "another's"],
)
async def test_a_dead_letter_is_seen_by_its_organization_and_without_one_by_owners(
    store: Store, organization_id: UUID | None, owner_sees: bool, admin_sees: bool
) -> None:
    dead_letter = a_dead_letter(organization_id=organization_id)
    await store.add(dead_letter)
    for scope, sees in ((OWNER, owner_sees), (ADMIN, admin_sees)):
        assert bool(await store.newest(scope, ANY, before=None, limit=9)) is sees
        assert bool(await store.oldest(scope, ANY, limit=9)) is sees
        if sees:
            assert (await store.one(scope, dead_letter.id)).dead_letter == dead_letter
        else:
            with pytest.raises(DeadLetterNotFound):
                await store.one(scope, dead_letter.id)


async def test_a_dead_letter_that_dies_again_is_counted_and_open_with_its_latest_reason(
    store: Store,
) -> None:
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    await store.mark(await store.one(ADMIN, dead_letter.id), "replayed", REPLAY)
    later = replace(
        dead_letter, error="KeyError: 'x'", dead_at=dead_letter.dead_at + timedelta(minutes=9)
    )
    await store.add(later)

    record = await store.one(ADMIN, dead_letter.id)
    assert (record.times, record.state, record.actions) == (2, "open", (REPLAY,))
    assert record.dead_letter == later
    assert [each.dead_letter for each in await store.oldest(ADMIN, ANY, limit=9)] == [later]


async def test_only_who_saw_it_as_it_is_can_change_it(store: Store) -> None:
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    seen = await store.one(ADMIN, dead_letter.id)
    noted = await store.mark(seen, "open", REPLAY)
    with pytest.raises(DeadLetterChanged):
        await store.mark(seen, "discarded")

    await store.add(dead_letter)
    with pytest.raises(DeadLetterChanged):
        await store.mark(noted, "replayed")

    again = await store.one(ADMIN, dead_letter.id)
    done = await store.mark(
        again, "discarded", Action(action="discard", by="bo", at=NOON, note="x")
    )
    assert done == await store.one(ADMIN, dead_letter.id)
    assert [(each.action, each.by, each.note) for each in done.actions] == [
        ("replay", "ana", None),
        ("discard", "bo", "x"),
    ]


async def test_open_dead_letters_of_all_organizations_are_counted(store: Store) -> None:
    for organization_id in (ORGANIZATION, None, uuid4()):
        await store.add(a_dead_letter(organization_id=organization_id))
    assert await store.count_open() == 3
    (first,) = await store.oldest(ADMIN, ANY, limit=9)
    await store.mark(first, "discarded")
    assert await store.count_open() == 2


async def test_dead_letters_of_the_first_release_are_listed_to_owners(
    database: AsyncDatabase[Document],
) -> None:
    old = a_dead_letter()
    await add_as_the_first_release_does(database, old)
    dead_letters = MongoDeadLetters(database.dead_letters)
    await dead_letters.prepare()
    await dead_letters.prepare()

    (record,) = await dead_letters.newest(OWNER, ANY, before=None, limit=9)
    assert (record.dead_letter, record.times, record.state) == (
        replace(old, organization_id=None),
        3,
        "open",
    )


async def test_a_dead_letter_of_the_first_release_that_dies_again_is_counted(
    database: AsyncDatabase[Document],
) -> None:
    """A worker of that release may have kept it a moment ago, beside ours."""
    old = a_dead_letter()
    await add_as_the_first_release_does(database, old)
    dead_letters = MongoDeadLetters(database.dead_letters)
    await dead_letters.add(old)

    assert (await dead_letters.one(OWNER, old.id)).times == 4


async def add_as_the_first_release_does(database: AsyncDatabase[Document], old: DeadLetter) -> None:
    await database.dead_letters.insert_one(
        {
            "_id": str(old.id),
            "message_id": old.message_id,
            "type": old.type,
            "queue": old.queue,
            "reason": old.reason,
            "error": old.error,
            "headers": dict(old.headers),
            "body": old.body,
            "times": 3,
            "dead_at": old.dead_at,
        }
    )
