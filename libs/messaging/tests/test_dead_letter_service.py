"""Replays on a real broker: handled once, however often they are requested."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import aio_pika
import httpx
import pytest
from crivo_local.stack import StackUrls
from crivo_messaging.consumer import (
    FailurePolicy,
    consume_dead_letters,
    create_broker,
    message_id,
    queue,
    run_consumers,
)
from crivo_messaging.dead_letter_service import (
    DeadLetterFilter,
    DeadLetterRecord,
    DeadLetterService,
    NotOpen,
    NotReplayable,
    open_dead_letter_service,
    watch_open,
)
from crivo_messaging.dead_letters import DeadLetter
from crivo_messaging.mongo import Document
from crivo_messaging.mongo_dead_letters import MongoDeadLetters
from crivo_messaging.postgres import first_time, messaging_tables
from crivo_messaging.postgres_dead_letters import PostgresDeadLetters
from crivo_messaging.publisher import BrokerUnavailable, Publisher
from crivo_messaging.topology import declare_at
from faststream.rabbit import RabbitMessage
from messaging_support.dead_letters import OWNER, Store, a_dead_letter
from messaging_support.messages import ORGANIZATION, TOPOLOGY, CountedV1, counted
from prometheus_client import REGISTRY
from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

OPEN = DeadLetterFilter(state="open")


@pytest.fixture(params=["postgresql", "mongodb"])
def store(
    request: pytest.FixtureRequest, engine: AsyncEngine, database: AsyncDatabase[Document]
) -> Store:
    if request.param == "postgresql":
        return PostgresDeadLetters(engine, messaging_tables(MetaData()).dead_letters)
    return MongoDeadLetters(database.dead_letters)


@dataclass(kw_only=True)
class Service:
    """A consumer with an inbox, a bug that can be fixed, and a service for its dead letters."""

    engine: AsyncEngine
    store: Store
    dead_letters: DeadLetterService
    publisher: Publisher
    broken: bool = True
    handled: list[int] = field(default_factory=list)
    heard: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    died: asyncio.Queue[DeadLetter] = field(default_factory=asyncio.Queue)

    async def add(self, dead_letter: DeadLetter) -> None:
        await self.store.add(dead_letter)
        self.died.put_nowait(dead_letter)

    async def handle(self, event: CountedV1, id: UUID) -> None:  # noqa: A002
        async with self.engine.begin() as connection:
            if await first_time(connection, consumer="numbers", message_id=id):
                if self.broken:
                    raise ValueError("the bug")
                self.handled.append(event.number)
        self.heard.put_nowait(event.number)

    async def record(self, id: UUID) -> DeadLetterRecord:  # noqa: A002
        return await self.store.one(OWNER, id)


@asynccontextmanager
async def at_work(url: str, engine: AsyncEngine, store: Store) -> AsyncIterator[Service]:
    await declare_at(url, TOPOLOGY)
    policy = FailurePolicy("test", conflicts=())
    broker = create_broker(url, policy=policy, prefetch=5)
    publisher, stop = Publisher(url, TOPOLOGY), asyncio.Event()
    async with open_dead_letter_service(store, url=url, topology=TOPOLOGY) as dead_letters:
        service = Service(
            engine=engine, store=store, dead_letters=dead_letters, publisher=publisher
        )

        @broker.subscriber(queue("test.numbers"))
        async def on_counted(event: CountedV1, message: RabbitMessage) -> None:
            await service.handle(event, message_id(message))

        consume_dead_letters(broker, TOPOLOGY, service)
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            tasks.create_task(run_consumers(broker, policy, TOPOLOGY, stop, url=url))
            yield service
            stop.set()
    await publisher.close()


async def test_a_poison_message_is_handled_once_when_the_bug_is_fixed(
    vhost_url: str, engine: AsyncEngine, store: Store
) -> None:
    envelope = counted(7)
    async with at_work(vhost_url, engine, store) as service:
        await service.publisher.publish(envelope)
        dead_letter = await service.died.get()
        (listed,) = await store.newest(OWNER, OPEN, before=None, limit=9)
        assert listed.dead_letter.id == dead_letter.id
        assert (listed.dead_letter.organization_id, listed.times) == (ORGANIZATION, 1)
        assert listed.dead_letter.error == "ValueError: the bug"

        service.broken = False
        replayed = await service.dead_letters.replay(OWNER, dead_letter.id, by="ana")
        await service.heard.get()
        again = await service.dead_letters.replay(OWNER, dead_letter.id, by="bo")

    assert service.handled == [7]
    assert service.heard.empty()
    assert replayed.state == "replayed"
    assert again == replayed, "asking twice sends it once"
    assert [(each.action, each.by) for each in replayed.actions] == [("replay", "ana")]


async def test_two_people_at_once_have_one_effect(
    vhost_url: str, engine: AsyncEngine, store: Store
) -> None:
    async with at_work(vhost_url, engine, store) as service:
        await service.publisher.publish(counted(7))
        dead_letter = await service.died.get()
        service.broken = False
        await asyncio.gather(
            *(
                service.dead_letters.replay(OWNER, dead_letter.id, by=each)
                for each in ("ana", "bo", "cy")
            ),
            return_exceptions=True,  # later requests may be refused
        )
        await service.heard.get()
        # What died between the sending and the mark is sent again; so is this.
        await service.publisher.put(_same(dead_letter), queue=dead_letter.queue)
        await service.heard.get()
        record = await service.record(dead_letter.id)

    assert service.handled == [7]
    assert (record.state, record.times) == ("replayed", 1)
    assert record.actions


def _same(dead_letter: DeadLetter) -> aio_pika.Message:
    return aio_pika.Message(
        dead_letter.body, message_id=dead_letter.message_id, content_type="application/json"
    )


async def test_a_replay_that_dies_again_is_the_same_dead_letter_open_and_counted(
    vhost_url: str, engine: AsyncEngine, store: Store
) -> None:
    async with at_work(vhost_url, engine, store) as service:
        await service.publisher.publish(counted(7))
        dead_letter = await service.died.get()
        await service.dead_letters.replay(OWNER, dead_letter.id, by="ana")
        second = await service.died.get()
        record = await service.record(dead_letter.id)
        listed = await store.newest(OWNER, DeadLetterFilter(), before=None, limit=9)

    assert second.id == dead_letter.id
    assert (record.times, record.state, len(listed)) == (2, "open", 1)
    assert second.reason == "handler failed"
    assert not any(name.startswith("x-") for name in second.headers)


async def test_a_replay_goes_to_the_queue_it_died_in_as_it_was_sent(
    vhost_url: str, store: Store
) -> None:
    envelope = counted(7)
    await declare_at(vhost_url, TOPOLOGY)
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    async with open_dead_letter_service(store, url=vhost_url, topology=TOPOLOGY) as dead_letters:
        await dead_letters.replay(OWNER, dead_letter.id, by="ana")
    connection = await aio_pika.connect(vhost_url)
    async with connection:
        channel = await connection.channel()
        message = await (await channel.get_queue("test.numbers")).get(no_ack=True)

    assert message is not None
    assert (message.body, message.message_id) == (dead_letter.body, dead_letter.message_id)
    assert (message.exchange, message.type) == ("", envelope.type)
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    message.headers.pop("x-delivery-count", None)  # the broker's own
    assert message.headers == {
        "cloudEvents:type": dead_letter.type,
        "crivo-dead-letter": str(dead_letter.id),
    }


@pytest.mark.parametrize("body", [b"{not json", b'{"number": "\\u0000"}', b"\x00\xff"])
async def test_a_message_without_headers_is_kept_for_owners_and_replayed_as_the_same(
    vhost_url: str, engine: AsyncEngine, store: Store, body: bytes
) -> None:
    async with at_work(vhost_url, engine, store) as service:
        await service.publisher.put(aio_pika.Message(body), queue="test.numbers")
        dead_letter = await service.died.get()
        await service.dead_letters.replay(OWNER, dead_letter.id, by="ana")
        second = await service.died.get()
        record = await service.record(dead_letter.id)

    assert dead_letter.organization_id is None
    assert (dead_letter.queue, dead_letter.type, dead_letter.body) == (
        "test.numbers",
        "test.numbers",
        body,
    )
    assert second.id == dead_letter.id
    assert (record.times, record.dead_letter.body) == (2, body)


async def test_a_dead_letter_that_is_no_text_for_postgresql_is_kept_all_the_same(
    vhost_url: str, engine: AsyncEngine, store: Store
) -> None:
    async with at_work(vhost_url, engine, store) as service:
        message = aio_pika.Message(b"{}", type="odd\x00", headers={"odd": "\x00"})
        await service.publisher.put(message, queue="test.numbers")
        dead_letter = await service.died.get()
        assert (
            await service.record(dead_letter.id)
        ).dead_letter.type == "odd\N{REPLACEMENT CHARACTER}"


async def test_a_message_without_an_id_is_one_dead_letter_and_handled_once(
    vhost_url: str, engine: AsyncEngine, store: Store, stack_urls: StackUrls
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    publish_anonymously(stack_urls, vhost_url, counted(7).body)
    async with at_work(vhost_url, engine, store) as service:
        dead_letter = await service.died.get()
        await service.dead_letters.replay(OWNER, dead_letter.id, by="ana")
        second = await service.died.get()
        service.broken = False
        await service.dead_letters.replay(OWNER, dead_letter.id, by="ana")
        await service.heard.get()
        record = await service.record(dead_letter.id)

    assert (dead_letter.message_id, dead_letter.reason) == (None, "expired")
    assert (second.id, record.times) == (dead_letter.id, 2)
    assert service.handled == [7]


def publish_anonymously(urls: StackUrls, vhost_url: str, body: str) -> None:
    """Our client gives every message an id; this one has none, and is too old for a consumer."""
    vhost = urlsplit(vhost_url).path
    message = {
        "properties": {"expiration": "0"},
        "routing_key": "test.numbers",
        "payload": body,
        "payload_encoding": "string",
    }
    path = f"{urls.rabbitmq_management}/api/exchanges{vhost}/amq.default/publish"
    assert httpx.post(path, json=message, timeout=30).json() == {"routed": True}


async def test_a_version_nobody_knows_becomes_a_dead_letter(
    vhost_url: str, engine: AsyncEngine, store: Store
) -> None:
    body = b'{"type": "test.counted.v9", "organization_id": "%s"}' % str(ORGANIZATION).encode()
    message = aio_pika.Message(body, type="test.counted.v9", content_type="application/json")
    async with at_work(vhost_url, engine, store) as service:
        await service.publisher.put(message, queue="test.numbers")
        dead_letter = await service.died.get()

    assert dead_letter.type == "test.counted.v9"
    assert dead_letter.organization_id == ORGANIZATION, "the body says it where no header does"


async def test_a_dead_letter_nobody_can_read_belongs_to_the_organization_its_envelope_names(
    vhost_url: str, engine: AsyncEngine, store: Store
) -> None:
    body = b'{"organization_id": "%s", not json' % str(uuid4()).encode()
    async with at_work(vhost_url, engine, store) as service:
        message = aio_pika.Message(body, headers={"cloudEvents:organizationid": str(ORGANIZATION)})
        await service.publisher.put(message, queue="test.numbers")
        dead_letter = await service.died.get()

    assert dead_letter.organization_id == ORGANIZATION


async def test_many_are_replayed_oldest_first_up_to_the_limit(
    vhost_url: str, engine: AsyncEngine, store: Store
) -> None:
    async with at_work(vhost_url, engine, store) as service:
        for number in (1, 2, 3):
            await service.publisher.publish(counted(number))
            await service.died.get()
        await store.add(a_dead_letter(queue="somebody.elses"))
        service.broken = False
        dead_letters = service.dead_letters
        assert await dead_letters.replay_many(OWNER, OPEN, limit=2, by="ana") == 2
        assert {await service.heard.get() for _ in range(2)} == {1, 2}
        assert await dead_letters.replay_many(OWNER, OPEN, limit=2, by="ana") == 1
        await service.heard.get()
        assert await dead_letters.replay_many(OWNER, OPEN, limit=2, by="ana") == 0

    assert sorted(service.handled) == [1, 2, 3]


async def test_many_are_narrowed_by_queue_and_type(vhost_url: str, store: Store) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    await store.add(a_dead_letter(type="this"))
    await store.add(a_dead_letter(type="that"))
    async with open_dead_letter_service(store, url=vhost_url, topology=TOPOLOGY) as dead_letters:
        for criteria, replayed in (
            (DeadLetterFilter(state="open", queues=["another"]), 0),
            (DeadLetterFilter(state="open", queues=["test.numbers"], type="this"), 1),
            (DeadLetterFilter(state="open", type="this"), 0),
            (DeadLetterFilter(state="discarded"), 0),
        ):
            assert await dead_letters.replay_many(OWNER, criteria, limit=9, by="ana") == replayed


async def test_a_discarded_dead_letter_has_its_reason_and_can_still_be_replayed(
    vhost_url: str, store: Store
) -> None:
    await declare_at(vhost_url, TOPOLOGY)
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    async with open_dead_letter_service(store, url=vhost_url, topology=TOPOLOGY) as dead_letters:
        discarded = await dead_letters.discard(OWNER, dead_letter.id, by="ana", reason="a test")
        with pytest.raises(NotOpen):
            await dead_letters.discard(OWNER, dead_letter.id, by="bo", reason="me too")
        replayed = await dead_letters.replay(OWNER, dead_letter.id, by="bo")
        with pytest.raises(NotOpen):
            await dead_letters.discard(OWNER, dead_letter.id, by="bo", reason="done")

    assert (discarded.state, replayed.state) == ("discarded", "replayed")
    assert [(each.action, each.by, each.note) for each in replayed.actions] == [
        ("discard", "ana", "a test"),
        ("replay", "bo", None),
    ]


async def test_a_dead_letter_of_no_queue_of_ours_is_not_sent_anywhere(
    vhost_url: str, store: Store
) -> None:
    dead_letter = a_dead_letter(queue="somebody.elses")
    await store.add(dead_letter)
    async with open_dead_letter_service(store, url=vhost_url, topology=TOPOLOGY) as dead_letters:
        with pytest.raises(NotReplayable):
            await dead_letters.replay(OWNER, dead_letter.id, by="ana")
    assert (await store.one(OWNER, dead_letter.id)).actions == ()


async def test_a_replay_that_does_not_reach_the_broker_leaves_the_dead_letter_open(
    vhost_url: str, store: Store
) -> None:
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    away = f"{vhost_url}-{uuid4().hex}"
    async with open_dead_letter_service(store, url=away, topology=TOPOLOGY) as dead_letters:
        with pytest.raises(BrokerUnavailable):
            await dead_letters.replay(OWNER, dead_letter.id, by="ana")
    record = await store.one(OWNER, dead_letter.id)
    assert (record.state, len(record.actions)) == ("open", 1), "who tried is known, too"


async def test_the_open_dead_letters_are_counted_for_the_alert(store: Store) -> None:
    for dead_letter in (a_dead_letter(), a_dead_letter(organization_id=None)):
        await store.add(dead_letter)
    stop = asyncio.Event()

    async def look() -> None:
        while REGISTRY.get_sample_value("crivo_dead_letters_open") != 2:
            await store.count_open()
        stop.set()

    async with asyncio.timeout(60):
        await asyncio.gather(watch_open(store)(stop), look())
