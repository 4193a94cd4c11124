"""The outbox inside a document, on the MongoDB-compatible server."""

import pytest
from crivo_messaging.mongo import Document, MongoOutbox, StaleDocument, save
from crivo_messaging.publisher import Unroutable
from crivo_messaging.relay import Outcome
from messaging_support.messages import counted
from pymongo.asynchronous.database import AsyncDatabase


async def test_an_aggregate_and_its_messages_are_stored_together(
    database: AsyncDatabase[Document],
) -> None:
    await save(database.things, {"_id": "a", "state": 1}, revision=0, envelopes=[counted(1)])
    outbox = MongoOutbox(database.things, database.leases)
    ((envelope,),) = await outbox.pending()
    assert (envelope.sequence, envelope.subject) == (1, "a")
    await outbox.settle([Outcome([envelope], 1)])
    assert await outbox.pending() == []


async def test_the_relay_never_conflicts_with_the_aggregate(
    database: AsyncDatabase[Document],
) -> None:
    await save(database.things, {"_id": "a"}, revision=0, envelopes=[counted(1)])
    outbox = MongoOutbox(database.things, database.leases)
    (group,) = await outbox.pending()
    await outbox.settle([Outcome(group, 1)])
    await save(database.things, {"_id": "a", "state": 2}, revision=1, envelopes=[counted(2)])
    ((envelope,),) = await outbox.pending()
    assert envelope.sequence == 2


@pytest.mark.parametrize("revision", [0, 2])
async def test_a_second_writer_is_refused(database: AsyncDatabase[Document], revision: int) -> None:
    await save(database.things, {"_id": "a", "state": "first"}, revision=0)
    with pytest.raises(StaleDocument):
        await save(database.things, {"_id": "a", "state": "second"}, revision=revision)
    stored = await database.things.find_one({"_id": "a"})
    assert stored is not None
    assert stored["state"] == "first"


async def test_an_unroutable_message_is_postponed_not_lost(
    database: AsyncDatabase[Document],
) -> None:
    await save(database.things, {"_id": "a"}, revision=0, envelopes=[counted(1), counted(2)])
    outbox = MongoOutbox(database.things, database.leases)
    (group,) = await outbox.pending()
    await outbox.settle([Outcome(group, 1, Unroutable("no queue"))])
    assert await outbox.pending() == []
    stored = await database.things.find_one({"_id": "a"})
    assert stored is not None
    assert [each["sequence"] for each in stored["pending"]] == [2]


async def test_only_one_relay_leads_and_a_standby_follows(
    database: AsyncDatabase[Document],
) -> None:
    active = MongoOutbox(database.things, database.leases)
    standby = MongoOutbox(database.things, database.leases)
    assert not await active.lead()  # the first call only makes the lease
    assert await active.lead()
    assert not await standby.lead()
    await active.close()
    assert await standby.lead()


async def test_a_leader_asks_for_its_lease_no_more_than_it_has_to(
    database: AsyncDatabase[Document],
) -> None:
    outbox = MongoOutbox(database.things, database.leases)
    await outbox.lead()
    assert await outbox.lead()
    await database.leases.drop()
    assert await outbox.lead(), "no other relay leads before the lease ends"
    await outbox.close()
    assert not await outbox.lead(), "given back, it has to be asked for"
