"""What both stores of dead letters promise."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from crivo_messaging.dead_letter_office import (
    Action,
    KeptLetter,
    LetterChanged,
    LetterFilter,
    LetterNotFound,
)
from crivo_messaging.dead_letters import DeadLetter
from crivo_messaging.mongo import Document
from crivo_messaging.mongo_dead_letters import MongoDeadLetters
from crivo_messaging.postgres import messaging_tables
from crivo_messaging.postgres_dead_letters import PostgresDeadLetters
from messaging_support.letters import ADMIN, OWNER, Store, a_letter
from messaging_support.messages import NOON, ORGANIZATION
from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

ANY = LetterFilter()
REPLAY = Action(action="replay", by="ana", at=NOON)


@pytest.fixture(params=["postgresql", "mongodb"])
async def store(
    request: pytest.FixtureRequest, engine: AsyncEngine, database: AsyncDatabase[Document]
) -> Store:
    if request.param == "postgresql":
        return PostgresDeadLetters(engine, messaging_tables(MetaData()).dead_letters)
    letters = MongoDeadLetters(database.dead_letters)
    await letters.prepare()
    return letters


async def test_a_letter_is_kept_exactly(store: Store) -> None:
    letter = a_letter()
    await store.add(letter)
    expected = KeptLetter(letter=letter, times=1, state="open", actions=())
    assert await store.one(ADMIN, letter.id) == expected


async def test_the_newest_come_first_page_by_page(store: Store) -> None:
    letters = [a_letter(minute=each // 2) for each in range(6)]  # two of each minute
    for letter in letters:
        await store.add(letter)
    wanted = sorted(letters, key=lambda each: (each.dead_at, str(each.id)), reverse=True)

    seen: list[KeptLetter] = []
    before = None
    while page := await store.newest(ADMIN, ANY, before=before, limit=2):
        seen += page
        before = (page[-1].letter.dead_at, page[-1].letter.id)

    assert [each.letter for each in seen] == wanted
    oldest = await store.oldest(ADMIN, ANY, limit=4)
    assert [each.letter for each in oldest] == list(reversed(wanted))[:4]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (LetterFilter(queues=["a"]), {"a1"}),
        (LetterFilter(queues=["a", "b"]), {"a1", "b2"}),
        (LetterFilter(queues=[]), set()),
        (LetterFilter(type="2"), {"b2"}),
        (LetterFilter(state="open"), {"a1"}),
        (LetterFilter(state="discarded"), {"b2"}),
        (LetterFilter(state="discarded", queues=["a"]), set()),
    ],
)
async def test_filters_narrow_a_list(store: Store, wanted: LetterFilter, found: set[str]) -> None:
    await store.add(a_letter(queue="a", type="1"))
    other = a_letter(queue="b", type="2")
    await store.add(other)
    await store.mark(await store.one(ADMIN, other.id), "discarded")

    letters = [each.letter for each in await store.newest(ADMIN, wanted, before=None, limit=9)]
    assert {each.queue + each.type for each in letters} == found


@pytest.mark.parametrize(
    ("organization_id", "owner_sees", "admin_sees"),
    [(ORGANIZATION, True, True), (None, True, False), (uuid4(), False, False)],
    ids=["own", "nobody's", "another's"],
)
async def test_a_letter_is_seen_by_its_organization_and_nobodys_by_owners(
    store: Store, organization_id: UUID | None, owner_sees: bool, admin_sees: bool
) -> None:
    letter = a_letter(organization_id=organization_id)
    await store.add(letter)
    for whose, sees in ((OWNER, owner_sees), (ADMIN, admin_sees)):
        assert bool(await store.newest(whose, ANY, before=None, limit=9)) is sees
        assert bool(await store.oldest(whose, ANY, limit=9)) is sees
        if sees:
            assert (await store.one(whose, letter.id)).letter == letter
        else:
            with pytest.raises(LetterNotFound):
                await store.one(whose, letter.id)


async def test_a_letter_that_dies_again_is_counted_and_open_with_its_latest_reason(
    store: Store,
) -> None:
    letter = a_letter()
    await store.add(letter)
    await store.mark(await store.one(ADMIN, letter.id), "replayed", REPLAY)
    later = replace(letter, error="KeyError: 'x'", dead_at=letter.dead_at + timedelta(minutes=9))
    await store.add(later)

    kept = await store.one(ADMIN, letter.id)
    assert (kept.times, kept.state, kept.actions) == (2, "open", (REPLAY,))
    assert kept.letter == later
    assert [each.letter for each in await store.oldest(ADMIN, ANY, limit=9)] == [later]


async def test_only_who_saw_it_as_it_is_can_change_it(store: Store) -> None:
    letter = a_letter()
    await store.add(letter)
    seen = await store.one(ADMIN, letter.id)
    noted = await store.mark(seen, "open", REPLAY)
    with pytest.raises(LetterChanged):
        await store.mark(seen, "discarded")

    await store.add(letter)
    with pytest.raises(LetterChanged):
        await store.mark(noted, "replayed")

    again = await store.one(ADMIN, letter.id)
    done = await store.mark(
        again, "discarded", Action(action="discard", by="bo", at=NOON, note="x")
    )
    assert done == await store.one(ADMIN, letter.id)
    assert [(each.action, each.by, each.note) for each in done.actions] == [
        ("replay", "ana", None),
        ("discard", "bo", "x"),
    ]


async def test_the_open_ones_are_counted_whoever_they_belong_to(store: Store) -> None:
    for organization_id in (ORGANIZATION, None, uuid4()):
        await store.add(a_letter(organization_id=organization_id))
    assert await store.count_open() == 3
    (first,) = await store.oldest(ADMIN, ANY, limit=9)
    await store.mark(first, "discarded")
    assert await store.count_open() == 2


async def test_letters_of_the_first_release_are_listed_to_owners(
    database: AsyncDatabase[Document],
) -> None:
    old = a_letter()
    await add_as_the_first_release_does(database, old)
    letters = MongoDeadLetters(database.dead_letters)
    await letters.prepare()
    await letters.prepare()

    (kept,) = await letters.newest(OWNER, ANY, before=None, limit=9)
    assert (kept.letter, kept.times, kept.state) == (replace(old, organization_id=None), 3, "open")


async def test_a_letter_of_the_first_release_that_dies_again_is_counted(
    database: AsyncDatabase[Document],
) -> None:
    """A worker of that release may have kept it a moment ago, beside ours."""
    old = a_letter()
    await add_as_the_first_release_does(database, old)
    letters = MongoDeadLetters(database.dead_letters)
    await letters.add(old)

    assert (await letters.one(OWNER, old.id)).times == 4


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
